/** The idempotency key of a call. */
import type { Metadata } from '@grpc/grpc-js';

/** HTTP/2 headers carry no other characters safely, and some libraries join several values with commas. */
const keyPattern = /^[ -+\--~]{1,128}$/;

/** Undefined if the call has none; null if it is not one valid key. */
export function keyIn(metadata: Metadata): string | undefined | null {
  const [key, another] = metadata.get('idempotency-key');
  if (key === undefined) return undefined;
  return another === undefined && typeof key === 'string' && keyPattern.test(key) ? key : null;
}
