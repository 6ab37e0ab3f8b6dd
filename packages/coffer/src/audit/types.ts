/** A request as it is audited: plain texts, already without secrets and cut to size. */
export type Audited = {
  readonly requestId: string;
  readonly transport: 'http' | 'grpc';
  readonly method: string;
  readonly url: string;
  readonly operation: string | null;
  /** JSON text. */
  readonly body: string | null;
  /** JSON text of those headers that are kept. */
  readonly headers: string;
  readonly clientIp: string | null;
  readonly actor: string;
  readonly startedAtMs: number;
  readonly status: number | null;
  readonly durationMs: number;
  readonly idempotencyKey: string | null;
  readonly wallet: string | null;
  /** The operations of the ledger that it caused, in their order. */
  readonly operations: readonly { readonly book: number; readonly seq: number }[];
};
