/** Many operations in one request: each by itself, or all of them or none. */
import { assert } from '../kernel/index.ts';
import type { Ledger, Operation, RecordedEntry } from '../ledger/index.ts';
import { refusedUnseen } from './asked.ts';
import type { BatchItem, Prepared, WalletOutcome } from './asked.ts';
import { prepareClose, prepareCreditLine, prepareFreeze, prepareLimit } from './controls.ts';
import { prepareReversal } from './corrections.ts';
import { prepareCapture, prepareHold, prepareRelease } from './holds.ts';
import type { HoldWallets } from './holds.ts';
import type { KnownAssets } from './known-assets.ts';
import { prepareDeposit, prepareOpen, prepareSpend, prepareTopUp, prepareTransfer, prepareWithdrawal } from './money.ts';
import type { SharesBook } from './money.ts';
import { entryOfOperation } from './operations.ts';
import { followed } from './sagas/follow.ts';

export const batchSizeMax = 1_000;

/** What preparing an operation may have to look up: facts that never change. */
type Known = {
  readonly assets: KnownAssets;
  readonly sharesBook: SharesBook;
  readonly holds: HoldWallets;
  readonly originals: ReadonlyMap<string, RecordedEntry | null>;
};

export async function prepareBatch(
  ledger: Ledger,
  items: readonly BatchItem[],
  assets: KnownAssets,
  holds: HoldWallets,
  sharesBook: SharesBook,
): Promise<Prepared[]> {
  await holds.learn(items.flatMap((item) => ('hold' in item ? [item.hold] : [])));
  const reversed = items.flatMap((item) => (item.type === 'reverse' ? [item.operation] : []));
  const originals = new Map(await Promise.all(reversed.map(async (id) => [id, await entryOfOperation(ledger, id)] as const)));
  return items.map((item) => prepareItem(item, { assets, sharesBook, holds, originals }));
}

function prepareItem(item: BatchItem, { assets, sharesBook, holds, originals }: Known): Prepared {
  switch (item.type) {
    case 'open':
      return prepareOpen(item, assets);
    case 'deposit':
      return prepareDeposit(item, assets);
    case 'withdraw':
      return prepareWithdrawal(item, assets);
    case 'transfer':
      return prepareTransfer(item, assets, sharesBook);
    case 'hold':
      return prepareHold(item, assets);
    case 'capture':
      return prepareCapture(item, holds.known(item.hold));
    case 'release':
      return prepareRelease(item, holds.known(item.hold));
    case 'topUp':
      return prepareTopUp(item, assets);
    case 'spend':
      return prepareSpend(item, assets);
    case 'reverse':
      return prepareReversal(item, originals.get(item.operation) ?? null);
    case 'freeze':
    case 'unfreeze':
      return prepareFreeze(item, item.type);
    case 'close':
      return prepareClose(item);
    case 'limit':
      return prepareLimit(item);
    case 'creditLine':
      return prepareCreditLine(item);
  }
}

export async function postEach(ledger: Ledger, prepared: readonly Prepared[]): Promise<WalletOutcome[]> {
  const operations: Operation[] = [];
  for (const item of prepared) if ('operation' in item) operations.push(item.operation);
  const outcomes = operations.length === 0 ? [] : await ledger.postEach(operations);
  let next = 0;
  const answered = prepared.map((item): WalletOutcome => {
    if ('refusal' in item) return refusedUnseen(item.key, item.refusal);
    const outcome = outcomes[next++];
    assert(outcome, 'each operation has its outcome');
    return { ...outcome, key: item.key };
  });
  // A transfer in steps has begun in its turn, and ends beside the others.
  return await Promise.all(answered.map((outcome) => followed(ledger, outcome)));
}

/** What is refused before the ledger sees it refuses the whole group: the ledger sees none of it. */
export async function postLinked(ledger: Ledger, all: readonly Prepared[]): Promise<WalletOutcome[]> {
  const prepared = all.map((item) => ('operation' in item && item.operation.kind === 'transfer_debit' ? unlinkable(item.key) : item));
  const culprit = prepared.findIndex((item) => 'refusal' in item);
  if (culprit === -1) return await postTogether(ledger, prepared);
  const others = { code: 'linked_operation_refused', facts: { refused: String(culprit) } } as const;
  return prepared.map((item, at) => refusedUnseen(item.key, at === culprit && 'refusal' in item ? item.refusal : others));
}

/** A transfer in steps ends after the others would have been done. */
function unlinkable(key: string): Prepared {
  return { key, refusal: { code: 'saga_not_linkable', facts: {} } };
}

async function postTogether(ledger: Ledger, prepared: readonly Prepared[]): Promise<WalletOutcome[]> {
  const outcomes = await ledger.postLinked(prepared.flatMap((item) => ('operation' in item ? [item.operation] : [])));
  return outcomes.map((outcome, at) => ({ ...outcome, key: prepared[at]?.key ?? '' }));
}
