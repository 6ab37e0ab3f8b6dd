/** The settings of e-mail. */
import { anyText, optional, peerUrl, settingGroup } from '../kernel/index.ts';

export const mailSettings = settingGroup({
  title: 'E-mail',
  rows: {
    smtpUrl: {
      name: 'SMTP_URL',
      reads: optional(peerUrl(['smtp:', 'smtps:'], 'smtps://user:password@host:465')),
      default: undefined,
      absent: 'no e-mail',
      meaning: 'URL of a mail server that sends notifications and links',
      example: 'smtps://coffer:<password>@mail.example.com:465',
      secret: true,
    },
    from: {
      name: 'COFFER_MAIL_FROM',
      reads: optional(anyText),
      default: undefined,
      absent: 'no e-mail',
      meaning: 'sender address of these e-mails',
      example: 'Coffer <coffer@example.com>',
    },
  },
  /** Undefined if there is no e-mail. */
  combine: ({ smtpUrl, from }, mistake): { mail: { readonly smtpUrl: string; readonly from: string } | undefined } => {
    if (smtpUrl !== undefined && from !== undefined) return { mail: { smtpUrl, from } };
    if (smtpUrl !== undefined || from !== undefined) mistake('SMTP_URL and COFFER_MAIL_FROM belong together: set both, or neither.');
    return { mail: undefined };
  },
});
