/**
 * Every way identity can say no. The domain owns these names; each transport maps them to its own statuses, exhaustively.
 */
export const identityRefusalMeanings = {
  email_invalid: 'An e-mail address is name@domain in ASCII, at most 254 characters.',
  name_invalid: 'A name is 1 to 200 characters of text, not only spaces, without control characters.',
  password_too_short: 'A password has at least 8 characters.',
  password_too_long: 'A password has at most 512 characters.',
  nothing_to_update: 'None of name, email and password was given.',
  cursor_invalid: 'A cursor is the `next` of an earlier page.',
  email_taken: 'A living account has this e-mail address.',
  user_not_found: 'There is no such user, or not any more.',
  credentials_wrong: 'E-mail and password do not belong together. Which of the two is wrong is not said.',
  current_password_wrong: 'Who changes e-mail or password gives the current password, and it is the right one.',
  token_invalid: 'The token is malformed, forged, expired, withdrawn, or its user is gone.',
  wallet_provisioning_failed: "The user's wallet could not be opened, so the user was not created either.",
  key_not_found: 'There is no such API key, or it was revoked.',
  scopes_exceeded: 'Who manages API keys by an API key gives no scopes that it does not have itself.',
} as const;

export type IdentityRefusalCode = keyof typeof identityRefusalMeanings;

/** A refusal is a value: a named reason and the facts a person needs to act on it. Never a password or a token. */
export type IdentityRefusal = {
  readonly code: IdentityRefusalCode;
  readonly facts: Readonly<Record<string, string>>;
};

/** What a question is answered with instead of its answer: `if ("refusal" in answer) …`. */
export type Refused = { readonly refusal: IdentityRefusal };

export function refused(code: IdentityRefusalCode, facts: Readonly<Record<string, string>> = {}): Refused {
  return { refusal: { code, facts } };
}
