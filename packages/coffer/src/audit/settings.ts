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
      meaning: 'record changes, refusals and reads by staff, in api_audit',
      example: 'off',
    },
    auditDays: {
      name: 'COFFER_AUDIT_DAYS',
      reads: days,
      default: 400,
      absent: '400',
      meaning: 'days for which audit records are stored',
      example: '30',
    },
  },
  combine: asRead,
});
