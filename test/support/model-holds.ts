/** The holds of the reference: a reserved amount ends by capture, release or expiry. */
import type { CaptureOperation, HoldOperation, Operation, ReleaseOperation } from '../../packages/coffer/src/ledger/index.ts';
import { closed, frozen, overLimit, stale, strange, taken, tooMuch, underMinimum, word } from './model-transfers.ts';
import { metadataOf, no, thirtyEightNines } from './model-world.ts';
import type { ModelEntry, ModelHold, ModelRefusal, World } from './model-world.ts';

type Expiry = Extract<Operation, { kind: 'expire' }>;

export function hold(world: World, operation: HoldOperation, now: Date): ModelRefusal | ModelEntry {
  const { wallet } = operation;
  const account = world.account(wallet);
  const asset = operation.asset ?? account?.asset;

  if (operation.amount <= 0n || operation.amount > thirtyEightNines) return no('amount_invalid', { amount: operation.amount });
  if (!world.keeps(wallet)) return no('other_book', { wallet });
  if (asset !== undefined && !world.assets.includes(asset)) return no('asset_unknown', { asset });
  if (!account || asset === undefined) return no('wallet_not_found', { wallet });
  const refusal = strange(account, asset) ?? stale(operation, account) ?? closed(account, null) ?? frozen(account, null);
  if (refusal) return refusal;
  const amount = taken(world, account, operation.amount, operation.upTo);
  if (typeof amount !== 'bigint') return amount;
  const excess = overLimit(world, account, amount, now) ?? underMinimum(world, operation, account, -amount);
  if (excess) return excess;
  if (world.held(wallet) + amount > thirtyEightNines) return no('balance_limit', { wallet });

  const seq = world.log.length + 1;
  const expiresAt = operation.expiresInSeconds === undefined ? null : new Date(now.getTime() + 1000 * operation.expiresInSeconds);
  world.holds.push({ seq, wallet, amount, left: amount, expiresAt });
  return world.note(now, account, { ...common(operation), amount, scope: account.number, hold: seq, holdLeft: amount, expiresAt });
}

export function capture(world: World, operation: CaptureOperation, now: Date): ModelRefusal | ModelEntry {
  const { wallet, credit } = operation;
  const from = world.account(wallet);

  if (operation.amount <= 0n || operation.amount > thirtyEightNines) return no('amount_invalid', { amount: operation.amount });
  if (word(credit) === wallet) return no('same_wallet', { wallet });
  for (const name of [wallet, 'wallet' in credit ? credit.wallet : wallet])
    if (!world.keeps(name)) return no('other_book', { wallet: name });
  if (!from) return no('wallet_not_found', { wallet });
  const to = world.seen(credit, from.asset);
  if (!to) return no('recipient_not_found', { wallet: word(credit) });
  const held = world.hold(operation.hold, wallet);
  if (!held) return no('hold_not_found', { wallet, hold: operation.hold });
  const refusal = strange(to, from.asset) ?? stale(operation, from) ?? closed(from, to) ?? frozen(from, to) ?? over(held, now);
  if (refusal) return refusal;
  const amount = part(held, operation);
  if (typeof amount !== 'bigint') return amount;
  const excess = tooMuch(from, to, amount);
  if (excess) return excess;

  const opening = world.log.length;
  const payee = world.brought(to, now);
  held.left = operation.final ? 0n : held.left - amount;
  const entry = world.move(now, from, payee, amount, {
    ...common(operation),
    effectiveAt: operation.effectiveAt ?? null,
    scope: from.number,
    hold: held.seq,
    holdLeft: held.left,
  });
  for (const opened of world.log.slice(opening)) opened.operation = entry.seq;
  return entry;
}

export function release(world: World, operation: ReleaseOperation, now: Date): ModelRefusal | ModelEntry {
  const { wallet } = operation;
  const account = world.account(wallet);

  if (operation.amount <= 0n || operation.amount > thirtyEightNines) return no('amount_invalid', { amount: operation.amount });
  if (!world.keeps(wallet)) return no('other_book', { wallet });
  if (!account) return no('wallet_not_found', { wallet });
  const held = world.hold(operation.hold, wallet);
  if (!held) return no('hold_not_found', { wallet, hold: operation.hold });
  const refusal = stale(operation, account) ?? over(held, now);
  if (refusal) return refusal;
  const amount = part(held, operation);
  if (typeof amount !== 'bigint') return amount;

  held.left -= amount;
  return world.note(now, account, { ...common(operation), amount, scope: account.number, hold: held.seq, holdLeft: held.left });
}

/** Internal: has no key and is never refused. */
export function expire(world: World, { wallet, hold: seq }: Expiry, now: Date): ModelRefusal | ModelEntry {
  const account = world.account(wallet);
  const held = world.hold(seq, wallet);
  if (!account || !held) return no('hold_not_found', { wallet, hold: seq });
  if (!isOver(held, now)) return no('hold_not_expired', { hold: seq });
  if (held.left === 0n) return no('hold_resolved', { hold: seq });

  const amount = held.left;
  held.left = 0n;
  return world.note(now, account, { kind: 'expire', amount, hold: seq, holdLeft: 0n });
}

/** The expired holds of a wallet that still reserve something, oldest first. */
export function dueOf({ holds }: World, name: string, now: Date): ModelHold[] {
  const due = holds.filter((held) => held.wallet === name && held.left > 0n && isOver(held, now));
  return due.toSorted((one, other) => Number(one.expiresAt) - Number(other.expiresAt) || one.seq - other.seq);
}

function common(operation: HoldOperation | CaptureOperation | ReleaseOperation) {
  return {
    kind: operation.kind,
    askedAmount: operation.upTo ? operation.amount : null,
    key: operation.key,
    metadata: metadataOf(operation),
  };
}

function isOver({ expiresAt }: ModelHold, now: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() <= now.getTime();
}

function over(held: ModelHold, now: Date): ModelRefusal | null {
  if (isOver(held, now)) return no('hold_expired', { hold: held.seq, expiredAt: held.expiresAt });
  return held.left === 0n ? no('hold_resolved', { hold: held.seq }) : null;
}

function part({ seq, left }: ModelHold, { amount, upTo }: CaptureOperation | ReleaseOperation): bigint | ModelRefusal {
  if (amount > left && !upTo) return no('hold_exceeded', { hold: seq, left, requested: amount });
  return amount > left ? left : amount;
}
