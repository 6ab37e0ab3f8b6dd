// Outbound: signed and bounded calls to URLs that users configured, never into private networks.
import { whyRefused } from './guard.ts';
import { namesFor } from './names.ts';
export { callOut } from './call.ts';
export type { Called, CallOptions } from './call.ts';
export { urlLengthMax } from './guard.ts';
export { newSecret } from './signature.ts';

/** Why a URL would not be called; null when it may. It is checked again at each call. */
export async function whyNotCalled(url: string, allowPrivate: boolean): Promise<string | null> {
  return await whyRefused(url, allowPrivate, namesFor(allowPrivate));
}
