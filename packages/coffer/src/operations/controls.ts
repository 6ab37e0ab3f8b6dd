/** Shared parts of the operations that change a wallet's controls. */
import type { ControlChange, Sides } from '../ledger/index.ts';
import { keyOrFresh } from './idempotency.ts';
import { termsOf } from './money.ts';
import type { Prepared } from './outcome.ts';
import type { Decided, Terms } from './terms.ts';

export type ControlRequest = Terms & Decided & { readonly wallet: string };
export type SidesRequest = ControlRequest & { readonly sides: Sides };

export function prepareControl(request: ControlRequest, change: ControlChange): Prepared {
  const key = keyOrFresh(request.key);
  const { wallet, reason, actor } = request;
  return { key, operation: { key, wallet, reason, ...change, ...termsOf(request), actor } };
}
