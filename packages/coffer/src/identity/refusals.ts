/** All refusals of identity. It owns these codes; the gateway's table of problems adds statuses and texts. */
export type IdentityRefusalCode =
  | 'email_invalid'
  | 'name_invalid'
  | 'password_too_short'
  | 'password_too_long'
  | 'password_common'
  | 'nothing_to_update'
  | 'cursor_invalid'
  | 'email_taken'
  | 'user_not_found'
  | 'credentials_wrong'
  | 'user_suspended'
  | 'email_unproved'
  | 'link_invalid'
  | 'sign_up_closed'
  | 'has_password'
  | 'has_other_login'
  | 'nothing_to_prove'
  | 'own_account'
  | 'staff_protected'
  | 'last_admin'
  | 'session_not_found'
  | 'local_login_required'
  | 'current_password_wrong'
  | 'token_invalid'
  | 'wallet_provisioning_failed'
  | 'key_not_found'
  | 'scopes_exceeded'
  | 'networks_exceeded'
  | 'key_of_others'
  | 'second_factor_required'
  | 'second_factor_wrong'
  | 'ticket_invalid'
  | 'factor_proof_required'
  | 'factor_not_found'
  | 'factor_limit'
  | 'factor_unreadable'
  | 'last_factor'
  | 'passkeys_off'
  | 'passkey_rejected'
  | 'subject_invalid'
  | 'subject_taken'
  | 'subject_not_found';

/** A refusal is a value: a stable code and the facts a person needs to act on it. Never a password or a token; a login ticket only to the caller who gets it. */
export type IdentityRefusal = {
  readonly code: IdentityRefusalCode;
  readonly facts: Readonly<Record<string, string>>;
};

/** An alternative to a normal answer: `if ("refusal" in answer) …`. */
export type Refused = { readonly refusal: IdentityRefusal };

export function refused(code: IdentityRefusalCode, facts: Readonly<Record<string, string>> = {}): Refused {
  return { refusal: { code, facts } };
}
