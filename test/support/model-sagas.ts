/** The transfers by saga of the reference: the effect of each step on its book. */
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { closed, frozen, overLimit, stale, strange, taken, tooMuch, underMinimum } from './model-transfers.ts';
import { metadataOf, no, thirtyEightNines, uncharted } from './model-world.ts';
import type { ModelAccount, ModelEntry, ModelRefusal, World } from './model-world.ts';

type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

/** From the sender into transit; the recipient is not checked. */
export function debited(world: World, operation: OperationOf<'transfer_debit'>, now: Date): ModelRefusal | ModelEntry {
  const { wallet, to } = operation;

  if (operation.amount <= 0n || operation.amount > thirtyEightNines) return no('amount_invalid', { amount: operation.amount });
  if (wallet === to) return no('same_wallet', { wallet });
  if (!world.keeps(wallet)) return no('other_book', { wallet });
  const unknown = uncharted({ wallet });
  if (unknown !== null) return no('account_not_found', { account: unknown });
  const sender = world.seen({ wallet }, 0);
  const asset = operation.asset ?? sender?.asset;
  if (asset === undefined) return no('wallet_not_found', { wallet });
  if (!world.assets.includes(asset)) return no('asset_unknown', { asset });
  if (!sender) return no('wallet_not_found', { wallet });
  const transit = world.seen({ system: 'in_transit' }, asset) as ModelAccount;
  const refusal = strange(sender, asset) ?? stale(operation, sender) ?? closed(sender, null) ?? frozen(sender, null);
  if (refusal) return refusal;
  const amount = taken(world, sender, operation.amount, operation.upTo);
  if (typeof amount !== 'bigint') return amount;
  const excess =
    overLimit(world, sender, amount, now) ?? underMinimum(world, operation, sender, -amount) ?? tooMuch(sender, transit, amount);
  if (excess) return excess;

  const opening = world.log.length;
  const payer = world.brought(sender, now);
  const entry = world.move(now, payer, world.brought(transit, now), amount, {
    kind: 'transfer_debit',
    askedAmount: operation.upTo ? operation.amount : null,
    effectiveAt: operation.effectiveAt ?? null,
    scope: payer.number,
    key: operation.key,
    metadata: metadataOf(operation),
    details: { to },
  });
  for (const opened of world.log.slice(opening)) opened.operation = entry.seq;
  return entry;
}

/** From transit to the recipient: the one decision about the transfer. */
export function credited(world: World, operation: OperationOf<'transfer_credit'>, now: Date): ModelRefusal | ModelEntry {
  const { to, asset, amount, transfer, from } = operation;
  if (!world.keeps(to)) return no('other_book', { wallet: to });
  const recipient = world.seen({ wallet: to }, asset);
  if (!recipient) return no('recipient_not_found', { wallet: to });
  const transit = world.seen({ system: 'in_transit' }, asset) as ModelAccount;
  const refusal = strange(recipient, asset) ?? closed(null, recipient) ?? frozen(null, recipient) ?? tooMuch(transit, recipient, amount);
  if (refusal) return refusal;

  const opening = world.log.length;
  const payer = transitOf(world, operation, now);
  const entry = world.move(now, payer, world.brought(recipient, now), amount, {
    kind: 'transfer_credit',
    effectiveAt: operation.effectiveAt ?? null,
    scope: payer.number,
    key: operation.key,
    metadata: metadataOf(operation),
    details: { transfer, from },
  });
  for (const opened of world.log.slice(opening)) opened.operation = entry.seq;
  return entry;
}

/** Either end: nothing stands against it. */
export function ended(world: World, operation: OperationOf<'transfer_complete' | 'transfer_return'>, now: Date): ModelRefusal | ModelEntry {
  const { ends, from, to, decidedBy, refusal } = operation;
  const transit = world.account(`$in_transit/${operation.asset}`);
  const begun = world.log[ends - 1];
  const sender = world.account(from);
  if (!transit || !sender || begun?.kind !== 'transfer_debit' || begun.debit?.name !== from)
    return no('operation_not_found', { reverses: ends });
  const saying = {
    kind: operation.kind,
    scope: transit.number,
    key: operation.key,
    amount: begun.amount,
    effectiveAt: operation.effectiveAt ?? null,
    details: { transfer: `${world.book}-${ends}`, from, to, decidedBy, ...(refusal && { refusal }) },
  };
  return operation.kind === 'transfer_complete'
    ? world.note(now, transit, saying)
    : world.move(now, transit, sender, begun.amount ?? 0n, saying);
}

/** What is in transit in an asset: opened, if need be. */
export function transitOf(world: World, { asset }: { asset: number }, now: Date): ModelAccount {
  return world.brought(world.seen({ system: 'in_transit' }, asset) as ModelAccount, now);
}
