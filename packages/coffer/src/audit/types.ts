/** An audited request, or a command of the command line: plain text, with secrets removed and truncated. */
export type Audited = {
  readonly requestId: string;
  readonly transport: 'http' | 'grpc' | 'cli';
  readonly method: string;
  readonly url: string;
  readonly operation: string | null;
  /** JSON text. */
  readonly body: string | null;
  /** JSON text of the recorded headers. */
  readonly headers: string;
  readonly clientIp: string | null;
  readonly actor: string;
  readonly startedAtMs: number;
  readonly status: number | null;
  readonly durationMs: number;
  readonly idempotencyKey: string | null;
  readonly wallet: string | null;
  /** The user that it is about: an id, or an e-mail address in lower case. */
  readonly subject: string | null;
  /** The ledger operations that it caused, in order. */
  readonly operations: readonly { readonly book: number; readonly seq: number }[];
};
