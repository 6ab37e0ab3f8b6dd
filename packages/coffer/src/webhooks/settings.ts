/** The settings of webhooks. */
import { asRead, onOff, settingGroup } from '../kernel/index.ts';

export const webhookSettings = settingGroup({
  title: 'Webhooks',
  rows: {
    privateWebhooks: {
      name: 'COFFER_WEBHOOKS_PRIVATE',
      reads: onOff,
      default: false,
      absent: 'off',
      meaning: 'allow webhooks to private addresses and over http',
      example: 'on',
    },
  },
  combine: asRead,
});
