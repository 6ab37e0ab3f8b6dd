// Outbound: calls to addresses that somebody else chose, signed, bounded, and never to where they must not go.
import { whyRefused } from './guard.ts';
import { namesFor } from './names.ts';
export { callOut } from './call.ts';
export type { Called, CallOptions } from './call.ts';
export { urlLengthMax } from './guard.ts';
export { newSecret } from './signature.ts';

/** Why an address would not be called; null when it may be. It is looked up again at each call. */
export async function whyNotCalled(url: string, allowPrivate: boolean): Promise<string | null> {
  return await whyRefused(url, allowPrivate, namesFor(allowPrivate));
}
