/** The settings of the ledger. */
import { asRead, optional, settingGroup, wholeNumber } from '../kernel/index.ts';

export const ledgerSettings = settingGroup({
  title: 'Ledger',
  rows: {
    books: {
      name: 'COFFER_BOOKS',
      reads: optional(wholeNumber('a number', 1, 1024)),
      default: undefined,
      absent: "the ledger's current number, else 1",
      meaning: 'number of books that a new ledger starts with',
      example: '4',
    },
  },
  combine: asRead,
});
