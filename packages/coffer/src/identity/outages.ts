/** What identity throws. A refusal is an answer; these say that there is no answer, and what is known about it. */

/** The database or the wallets service could not be reached. `unknown` means that the change may have been made. */
export class IdentityUnavailable extends Error {
  override readonly name = 'IdentityUnavailable';
  readonly outcome: 'not_done' | 'unknown';

  constructor(outcome: 'not_done' | 'unknown', options?: ErrorOptions) {
    super(
      outcome === 'not_done'
        ? 'What keeps the users is away. Nothing was done: try again.'
        : 'The answer was lost on the way. The outcome is unknown: look whether the change was made before you ask for it again.',
      options,
    );
    this.outcome = outcome;
  }
}

/** More passwords wait to be hashed than can be in time. Nothing was done. */
export class IdentityOverloaded extends Error {
  override readonly name = 'IdentityOverloaded';
  constructor() {
    super('Too many log in at once. Nothing was done: try again in a second.');
  }
}
