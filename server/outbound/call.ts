/** What is known of a call to somebody else's address. */

export type CallOptions = {
  readonly url: string;
  /** Every one of them signs (Standard Webhooks): two while a secret is rotated. */
  readonly secrets: readonly string[];
  /** The `webhook-id`: the same for every try of the same message. */
  readonly id: string;
  /** JSON text, sent as it is. */
  readonly body: string;
  readonly timeoutMs: number;
  /** Whether private addresses and plain http are allowed. */
  readonly allowPrivate: boolean;
};

/** `answered`: with any status, and the beginning of its body. `refused`: nothing was sent, for the address is not allowed. `failed`: nobody knows. */
export type Called =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string; readonly elapsedMs: number }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string; readonly elapsedMs: number };
