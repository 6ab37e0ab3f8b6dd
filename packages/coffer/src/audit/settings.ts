/** The settings of the API audit. */
import { asRead, days, onOff, settingGroup } from '../kernel/index.ts';

export const auditSettings = settingGroup({
  title: 'Audit',
  rows: {
    audit: {
      name: 'COFFER_AUDIT',
      reads: onOff,
      default: true,
      absent: 'on',
      meaning: 'record API requests that may change something, in api_audit',
      example: 'off',
    },
    auditDays: {
      name: 'COFFER_AUDIT_DAYS',
      reads: days,
      default: 90,
      absent: '90',
      meaning: 'days for which audit records are stored',
      example: '30',
    },
  },
  combine: asRead,
});
