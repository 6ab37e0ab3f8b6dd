/** From an operation as it was asked for to a request that a worker processes. */
import { assert } from '../kernel/index.ts';
import type { Assets } from '../ledger/index.ts';
import type { Terms, TransferRequest, WalletMoneyRequest } from '../operations/index.ts';
import type { NewRequest } from './accepting.ts';
import type { Content, RequestType } from './types.ts';

type Money = WalletMoneyRequest | TransferRequest;

/** The wallet that initiates an asynchronous operation. */
export function walletAsked(wanted: Terms): string {
  const money = wanted as Money;
  return 'from' in money ? money.from : money.wallet;
}

/** `name`: of the operation. `owner` and `asset`: of its wallet. */
export function newRequest(
  name: string,
  wanted: Terms,
  { owner, asset }: { readonly owner: string | null; readonly asset: number },
  assets: Assets,
): NewRequest {
  assert(isRequestType(name), `${name} can be done asynchronously`);
  const money = wanted as Money;
  const { key = '', actor = null, approver = null } = money;
  return { type: name, wallet: walletAsked(money), owner, asset, key, actor, approver, content: contentOf(money, assets) };
}

function isRequestType(name: string): name is RequestType {
  return name === 'withdraw' || name === 'transfer';
}

function contentOf(money: Money, assets: Assets): Content {
  const { amount, upTo, asset, minimumBalance, effectiveAt, expectedVersion, metadata } = money;
  return {
    ...('to' in money && { to: money.to, ...(money.mode !== undefined && { mode: money.mode }) }),
    amount: amount.toString(),
    ...(upTo === true && { upTo }),
    ...(asset !== undefined && { asset: assets.find(asset)?.id ?? asset }),
    ...(minimumBalance !== undefined && { minimumBalance: minimumBalance.toString() }),
    ...(effectiveAt && { effectiveAt: effectiveAt.toISOString() }),
    ...(expectedVersion !== undefined && { expectedVersion }),
    ...(metadata !== undefined && { metadata }),
  };
}
