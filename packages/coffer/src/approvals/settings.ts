/** The settings of approvals. */
import { asRead, settingGroup, wholeNumber } from '../kernel/index.ts';

export const approvalSettings = settingGroup({
  title: 'Approvals',
  rows: {
    approvalHours: {
      name: 'COFFER_APPROVAL_HOURS',
      reads: wholeNumber('a number of hours', 1, 8_760),
      default: 24,
      absent: '24',
      meaning: 'hours after which an operation that waits for a second person expires',
      example: '8',
    },
  },
  combine: asRead,
});
