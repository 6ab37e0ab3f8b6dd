/** The texts of the e-mails about accounts. The only words of others in them are names, without anything that could be a link. */
import type { Letter } from '../mail/index.ts';
import { linkOf } from './links.ts';

export type LetterKind = 'proof' | 'reset' | 'invitation' | 'email_changing' | 'email_changed' | 'password_changed';

type Link = { readonly token: string; readonly expiresAt: Date; readonly publicUrl: string | undefined };
type Content = { readonly subject: string; readonly before: string; readonly after: string };

const contact = 'If this was not you, set a new password now and contact us.';

const contents: Readonly<Record<LetterKind, Content>> = {
  proof: {
    subject: 'Confirm your e-mail address',
    before: 'Please confirm that this e-mail address is yours:',
    after: 'If you neither signed up nor changed your address, ignore this e-mail: without the link nothing happens.',
  },
  reset: {
    subject: 'Set a new password',
    before: 'You can set a new password for your account:',
    after: 'If you did not ask for this, ignore this e-mail: your password stays as it is.',
  },
  invitation: {
    subject: 'Your invitation',
    before: 'You are invited to open an account:',
    after: 'If you do not expect an invitation, ignore this e-mail.',
  },
  email_changing: {
    subject: 'Your e-mail address is about to change',
    before: 'Another e-mail address was set for your account. It replaces this one as soon as it is confirmed there.',
    after: contact,
  },
  email_changed: {
    subject: 'Your e-mail address was changed',
    before: 'The e-mail address of your account was changed.',
    after: contact,
  },
  password_changed: {
    subject: 'Your password was changed',
    before: 'The password of your account was changed, and all sessions ended.',
    after: contact,
  },
};

const purposeOf = { proof: 'email', reset: 'reset', invitation: 'invitation' } as const;

export function accountLetter(
  kind: LetterKind,
  about: { readonly to: string; readonly name: string | null; readonly link: Link | null },
): Letter {
  const { subject, before, after } = contents[kind];
  const name = plainName(about.name ?? '');
  const paragraphs = [name === '' ? 'Hello,' : `Hello ${name},`, before, ...linkParagraphs(kind, about.link), after];
  return { to: about.to, subject, text: `${paragraphs.join('\n\n')}\n` };
}

function linkParagraphs(kind: LetterKind, link: Link | null): string[] {
  if (!link || !(kind in purposeOf)) return [];
  const { token, expiresAt, publicUrl } = link;
  const shown = publicUrl === undefined ? `Your code: ${token}` : linkOf(publicUrl, purposeOf[kind as keyof typeof purposeOf], token);
  const until = `${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return [shown, `It works once, until ${until}, and only the newest one works.`];
}

const nameLengthMax = 40;

/** Letters, digits, spaces, hyphens and apostrophes, so that no program makes a link of it. */
export function plainName(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{M}\p{N} '’-]/gu, '').replaceAll(/ {2,}/g, ' ');
  return Array.from(plain.trim()).slice(0, nameLengthMax).join('').trim();
}
