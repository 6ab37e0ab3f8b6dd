/** The settings of the ledger. */
import { asRead, hostAndPort, optional, settingGroup, wholeNumber } from '../kernel/index.ts';

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
    ownerListen: {
      name: 'COFFER_OWNER_LISTEN',
      reads: optional(hostAndPort),
      default: undefined,
      absent: '127.0.0.1 and a free port',
      meaning:
        'where this process takes operations from other processes of the same ledger, for the books that it owns. The connections are encrypted and authenticated with a secret in the database',
      example: '0.0.0.0:7070',
    },
    ownerAddress: {
      name: 'COFFER_OWNER_ADDRESS',
      reads: optional(hostAndPort),
      default: undefined,
      absent: 'COFFER_OWNER_LISTEN',
      meaning: 'how the other processes reach it, if that differs',
      example: 'ledger-1.internal:7070',
    },
  },
  combine: asRead,
});
