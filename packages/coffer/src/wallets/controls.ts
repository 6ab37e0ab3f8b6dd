/** Controls: what operators decide about a wallet, as operations of the ledger. */
import type { ControlChange, Limits } from '../ledger/index.ts';
import type { CloseRequest, CreditLineRequest, FreezeRequest, LimitRequest, Prepared } from './asked.ts';
import { keyOrFresh } from './idempotency.ts';
import { termsOf } from './money.ts';

export function prepareFreeze(asked: FreezeRequest, kind: 'freeze' | 'unfreeze'): Prepared {
  return prepareControl(asked, { kind, sides: asked.sides });
}

export function prepareClose(asked: CloseRequest): Prepared {
  return prepareControl(asked, { kind: 'close', sides: asked.sides, ...(asked.sweepTo && { sweepTo: asked.sweepTo }) });
}

export function prepareLimit(asked: LimitRequest): Prepared {
  return prepareControl(asked, { kind: 'limit', limits: isUnlimited(asked.limits) ? null : asked.limits });
}

export function prepareCreditLine(asked: CreditLineRequest): Prepared {
  return prepareControl(asked, { kind: 'credit_line', floor: -asked.creditLimit });
}

function prepareControl(asked: FreezeRequest | LimitRequest | CreditLineRequest, change: ControlChange): Prepared {
  const key = keyOrFresh(asked.key);
  const { wallet, reason, actor } = asked;
  return { key, operation: { key, wallet, reason, actor, ...change, ...termsOf(asked) } };
}

function isUnlimited({ perTransfer, perDay, perMonth }: Limits): boolean {
  return perTransfer === null && perDay === null && perMonth === null;
}
