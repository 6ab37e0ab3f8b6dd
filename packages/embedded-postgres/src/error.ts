/**
 * A failure that the operator can fix: one sentence for the problem (`message`) and one for the remedy. Any other error of this package is
 * a bug or a failure of the system.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly remedy: string;

  constructor(sentence: string, remedy: string, options?: ErrorOptions) {
    super(sentence, options);
    this.remedy = remedy;
  }
}
