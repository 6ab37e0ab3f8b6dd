/** Links that prove a mailbox: their tokens and addresses. */
import { createHash, randomBytes } from 'node:crypto';

export const linkPurposes = ['email', 'reset', 'invitation'] as const;
export type Purpose = (typeof linkPurposes)[number];

/** How long a link works. */
export const linkLivesMs = { email: 24 * 3_600_000, reset: 3_600_000, invitation: 7 * 24 * 3_600_000 } as const satisfies Record<
  Purpose,
  number
>;

/** The page of a purpose, which Coffer serves. */
export const linkPaths = {
  email: '/account/email',
  reset: '/account/password',
  invitation: '/account/invitation',
} as const satisfies Record<Purpose, string>;

/** The prefix lets redaction find it in any text. */
const pattern = /^cofl_[A-Za-z0-9_-]{43}$/;
export const linkTokenPattern = pattern.source;

export function newLinkToken(): string {
  return `cofl_${randomBytes(32).toString('base64url')}`;
}

/** What is stored of a token; null for text that cannot be one. */
export function linkTokenHash(token: string): Buffer | null {
  return pattern.test(token) ? createHash('sha256').update(token).digest() : null;
}

export function linkOf(publicUrl: string, purpose: Purpose, token: string): string {
  return `${publicUrl}${linkPaths[purpose]}?token=${token}`;
}
