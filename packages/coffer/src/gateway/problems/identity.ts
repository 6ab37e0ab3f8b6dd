/** Refusals of identity: users, logins and API keys. */
import { emailLengthMax, nameLengthMax, passwordLengthMax, passwordLengthMin } from '../../identity/index.ts';
import type { IdentityRefusalCode } from '../../identity/index.ts';
import type { ProblemRow } from './row.ts';

export const identityProblems = {
  email_invalid: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The e-mail address is not valid.',
    detail: `An e-mail address is name@domain in ASCII, at most ${emailLengthMax} characters.`,
    remedy: 'Send an address like jane@example.com.',
  },
  name_invalid: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The name is not valid.',
    detail: `A name has 1 to ${nameLengthMax} characters, not only spaces, without control characters.`,
    remedy: 'Send such a name.',
  },
  password_too_short: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The password is too short.',
    detail: `A password has at least ${passwordLengthMin} characters.`,
    remedy: 'Choose a longer one.',
  },
  password_too_long: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The password is too long.',
    detail: `A password has at most ${passwordLengthMax} characters.`,
    remedy: 'Choose a shorter one.',
  },
  nothing_to_update: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'There is nothing to update.',
    detail: 'The request has none of name, email and password.',
    remedy: 'Send at least one of them.',
  },
  cursor_invalid: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The cursor is not valid.',
    detail: 'A cursor is the `next` of an earlier page.',
    remedy: 'Send that, or omit the cursor for the first page.',
  },
  email_taken: {
    http: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'The e-mail address is already in use.',
    detail: 'An account with this e-mail address already exists.',
    remedy: 'Log in to that account, or sign up with another address.',
  },
  user_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such user.',
    detail: 'There is no such user, or the account was deleted.',
    remedy: 'Check the id; operators can list the users.',
  },
  credentials_wrong: {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    title: 'Wrong e-mail or password.',
    detail: 'Wrong e-mail or password.',
    remedy: 'Check both and try again.',
  },
  current_password_wrong: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'The current password is missing or wrong.',
    detail: 'Changing the e-mail address or the password requires the current password.',
    remedy: 'Send it as currentPassword.',
  },
  token_invalid: {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    title: 'The token is not valid.',
    detail: 'The token is malformed, forged, expired or revoked, or its user no longer exists.',
    remedy: 'Log in again and send the new token: Authorization: Bearer <token>.',
  },
  wallet_provisioning_failed: {
    http: 503,
    grpc: 'UNAVAILABLE',
    title: "The user's wallet could not be opened.",
    detail: 'The user was not created, because the wallet could not be opened.',
    remedy: 'Send the same request again.',
    retryAfterSeconds: 1,
  },
  key_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such API key.',
    detail: 'There is no such API key, or it was revoked.',
    remedy: 'Check the id: it is the part of the key between the two underscores, and GET /keys lists them.',
  },
  scopes_exceeded: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'An API key cannot grant scopes that it does not have.',
    detail: 'The new key would have scopes that the key in use does not have.',
    remedy: 'Choose from the scopes of the key in use, or ask an admin.',
  },
} as const satisfies Record<IdentityRefusalCode, ProblemRow>;
