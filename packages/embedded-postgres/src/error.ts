/**
 * A failure that the operator can fix: one sentence that says what is wrong (`message`) and one that says what to do next.
 * Anything else that this package throws is a bug or a failure of the system.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly remedy: string;

  constructor(sentence: string, remedy: string, options?: ErrorOptions) {
    super(sentence, options);
    this.remedy = remedy;
  }
}
