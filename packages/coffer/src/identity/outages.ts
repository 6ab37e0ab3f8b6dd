/** Exceptions of identity. A refusal is an answer; these mean that there is none, and say what is known about the outcome. */

/** The database or the wallets service could not be reached. `unknown` means that the change may have been made. */
export class IdentityUnavailable extends Error {
  override readonly name = 'IdentityUnavailable';
  readonly outcome: 'not_done' | 'unknown';

  constructor(outcome: 'not_done' | 'unknown', options?: ErrorOptions) {
    super(
      outcome === 'not_done'
        ? 'The user database or the wallets service is unavailable. Nothing was done: try again.'
        : 'The answer was lost. The outcome is unknown: check whether the change was made before you send the request again.',
      options,
    );
    this.outcome = outcome;
  }
}

/** More passwords wait to be hashed than can be in time. Nothing was done. */
export class IdentityOverloaded extends Error {
  override readonly name = 'IdentityOverloaded';
  constructor() {
    super('Too many concurrent logins. Nothing was done: try again in a second.');
  }
}
