/** Idempotency keys from callers: `requestId`, `payment_id`, `txId`, the `Idempotency-Key` header. */
import { newId } from '../kernel/index.ts';

export const keyLengthMax = 128;

/** A key is 1 to 128 characters of printable text. Control characters and lone surrogates are not text. */
export function isIdempotencyKey(text: string): boolean {
  return text.length >= 1 && text.length <= keyLengthMax && text.isWellFormed() && !/\p{Cc}/u.test(text);
}

/** The caller's key, or a new one: two requests without a key are always two operations. */
export function keyOrFresh(key: string | undefined): string {
  return key ?? newId();
}
