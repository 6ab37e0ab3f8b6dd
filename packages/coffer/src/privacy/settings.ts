/** The settings of erasure. */
import { settingGroup, wholeNumber } from '../kernel/index.ts';
import type { Parser } from '../kernel/index.ts';

const number = wholeNumber('never, or a number of days', 0, 36_500);

/** Null: never. */
const daysOrNever: Parser<number | null> = {
  type: `${number.type}, or never`,
  parse: (text) => (text === 'never' ? { value: null } : number.parse(text)),
};

export const privacySettings = settingGroup({
  title: 'Personal data',
  rows: {
    eraseDays: {
      name: 'COFFER_ERASE_DAYS',
      reads: daysOrNever,
      default: 30,
      absent: '30',
      meaning: 'days after the deletion of a user until everything personal about the user is erased; never keeps it',
      example: '7',
    },
  },
  combine: ({ eraseDays }) => ({ eraseDays }),
});
