/** How identity's refusals are told over HTTP: a status and a sentence for each. */
import { emailLengthMax, identityRefusalMeanings, nameLengthMax, passwordLengthMax, passwordLengthMin } from '../../identity/index.ts';
import type { IdentityRefusal, IdentityRefusalCode } from '../../identity/index.ts';
import type { Problem } from './problem.ts';

export const identityRefusalStatus = {
  email_invalid: 400,
  name_invalid: 400,
  password_too_short: 400,
  password_too_long: 400,
  nothing_to_update: 400,
  cursor_invalid: 400,
  email_taken: 409,
  user_not_found: 404,
  credentials_wrong: 401,
  current_password_wrong: 403,
  token_invalid: 401,
  wallet_provisioning_failed: 503,
  key_not_found: 404,
  scopes_exceeded: 403,
} as const satisfies Record<IdentityRefusalCode, number>;

const advice = {
  email_invalid: `Send an address like jane@example.com, in ASCII, of at most ${emailLengthMax} characters.`,
  name_invalid: `Send a name of 1 to ${nameLengthMax} characters, not only spaces, without control characters.`,
  password_too_short: `Send a password of at least ${passwordLengthMin} characters.`,
  password_too_long: `Send a password of at most ${passwordLengthMax} characters.`,
  nothing_to_update: 'Send at least one of name, email and password.',
  cursor_invalid: 'Send the `next` of an earlier page, or leave the cursor away for the first one.',
  email_taken: 'Log in to the account that has this address, or sign up with another one.',
  user_not_found: 'There is no such user, or not any more. Check the id; operators find users with GET /users.',
  credentials_wrong: 'Check e-mail and password, and try again.',
  current_password_wrong: 'Send the password that works now as currentPassword.',
  token_invalid: 'Log in again and send the new token: Authorization: Bearer <token>.',
  wallet_provisioning_failed: 'The user was not created, because the wallet could not be opened. Send the same request again.',
  key_not_found: 'Check the id: it is the part of the key between the two underscores, and GET /keys lists them.',
  scopes_exceeded: 'Choose from the scopes of the key that you use, or ask an admin.',
} as const satisfies Record<IdentityRefusalCode, string>;

export function identityProblem({ code, facts }: IdentityRefusal): Problem {
  const status = identityRefusalStatus[code];
  return {
    status,
    code,
    title: identityRefusalMeanings[code],
    detail: advice[code],
    facts,
    retryAfterSeconds: status === 503 ? 1 : undefined,
  };
}
