/** The transfers and reversals of the reference, as documented. Each returns a refusal, or applies itself and returns its entry. */
import type { AccountRef, Operation, TransferOperation } from '../../packages/coffer/src/ledger/index.ts';
import { kindOf } from './kinds.ts';
import { asksIn, decidedOf } from './model-content.ts';
import { metadataOf, mostOf, no, retiredAsset, thirtyEightNines, uncharted } from './model-world.ts';
import type { ModelAccount, ModelEntry, ModelRefusal, World } from './model-world.ts';

type Reversal = Extract<Operation, { kind: 'reversal' }>;

export function moving(world: World, operation: TransferOperation | Reversal, now: Date): ModelRefusal | ModelEntry {
  return operation.kind === 'reversal' ? reversal(world, operation, now) : transfer(world, operation, now);
}

function transfer(world: World, operation: TransferOperation, now: Date): ModelRefusal | ModelEntry {
  const { debit, credit, kind } = operation;
  const initiating = asksIn(operation) === 'debit' ? debit : credit;

  if (operation.amount <= 0n || operation.amount > thirtyEightNines) return no('amount_invalid', { amount: operation.amount });
  if (word(debit) === word(credit)) return no('same_wallet', { wallet: word(debit) });
  for (const ref of [debit, credit]) if ('wallet' in ref && !world.keeps(ref.wallet)) return no('other_book', { wallet: ref.wallet });
  const unknown = uncharted(debit) ?? uncharted(credit);
  if (unknown !== null) return no('account_not_found', { account: unknown });
  const asset = assetOf(world, operation);
  if (asset === undefined) return no('wallet_not_found', { wallet: word(initiating) });
  if (!world.assets.includes(asset)) return no('asset_unknown', { asset });
  for (const ref of [debit, credit])
    if ('wallet' in ref && ref.opens?.asset === retiredAsset && !world.account(ref.wallet))
      return no('asset_retired', { asset: retiredAsset });
  const [from, to] = [world.seen(debit, asset), world.seen(credit, asset)];
  if (!from) return no(initiating === debit ? 'wallet_not_found' : 'recipient_not_found', { wallet: word(debit) });
  if (!to) return no(initiating === credit ? 'wallet_not_found' : 'recipient_not_found', { wallet: word(credit) });
  const own = initiating === debit ? from : to;
  const refusal = strange(from, asset) ?? strange(to, asset) ?? stale(operation, own) ?? closed(from, to) ?? frozen(from, to);
  if (refusal) return refusal;
  const amount = taken(world, from, operation.amount, operation.upTo);
  if (typeof amount !== 'bigint') return amount;
  const excess =
    overLimit(world, from, amount, now) ??
    underMinimum(world, operation, own, own === from ? -amount : amount) ??
    tooMuch(from, to, amount);
  if (excess) return excess;

  const opening = world.log.length;
  const [payer, payee] = [world.brought(from, now), world.brought(to, now)];
  const entry = world.move(now, payer, payee, amount, {
    kind,
    askedAmount: operation.upTo ? operation.amount : null,
    effectiveAt: operation.effectiveAt ?? null,
    scope: (own === from ? payer : payee).number,
    key: operation.key,
    metadata: metadataOf(operation),
    ...(operation.reason !== undefined && { details: decidedOf({ ...operation, reason: operation.reason }) }),
  });
  for (const opened of world.log.slice(opening)) opened.operation = entry.seq;
  return entry;
}

/** The named asset, or else that of the payer, or else that of the payee, existing or to be opened. */
function assetOf(world: World, { asset, debit, credit }: TransferOperation): number | undefined {
  const known = (ref: AccountRef) => ('system' in ref ? undefined : world.account(word(ref))?.asset);
  return asset ?? known(debit) ?? known(credit) ?? world.assetOf(debit) ?? world.assetOf(credit);
}

/** Only movements between two accounts can be reversed, and a reversal cannot be reversed. */
function reversal(world: World, operation: Reversal, now: Date): ModelRefusal | ModelEntry {
  const { reverses } = operation;
  const initiator = world.account(operation.initiator);

  if (operation.amount <= 0n || operation.amount > thirtyEightNines) return no('amount_invalid', { amount: operation.amount });
  if (!operation.initiator.startsWith('$') && !world.keeps(operation.initiator)) return no('other_book', { wallet: operation.initiator });
  if (!initiator) return no('wallet_not_found', { wallet: operation.initiator });
  const original = world.log[reverses - 1];
  if (!original || original.refusal || original.scope !== initiator.number) return no('operation_not_found', { reverses });
  if (!kindOf(original).isReversible) return no('not_reversible', { reverses, kind: original.kind });
  const from = world.account(original.credit?.name ?? '') as ModelAccount;
  const to = world.account(original.debit?.name ?? '') as ModelAccount;
  const refusal = stale(operation, initiator) ?? closed(from, to);
  if (refusal) return refusal;
  const left = (original.amount ?? 0n) - world.reversed(reverses);
  if (left === 0n) return no('already_reversed', { reverses });
  if (operation.amount > left && !operation.upTo) return no('reversal_exceeds_original', { reverses, left, requested: operation.amount });
  const amount = taken(world, from, operation.amount < left ? operation.amount : left, false);
  if (typeof amount !== 'bigint') return amount;
  const excess = tooMuch(from, to, amount);
  if (excess) return excess;

  return world.move(now, from, to, amount, {
    kind: 'reversal',
    askedAmount: operation.upTo ? operation.amount : null,
    scope: initiator.number,
    key: operation.key,
    metadata: metadataOf(operation),
    details: decidedOf(operation),
    reverses,
    reversed: world.reversed(reverses) + amount,
  });
}

export function word(ref: AccountRef): string {
  if ('wallet' in ref) return ref.wallet;
  return 'named' in ref ? ref.named : ref.system;
}

export function strange({ name, asset: walletAsset }: ModelAccount, asset: number): ModelRefusal | null {
  return walletAsset === asset ? null : no('asset_mismatch', { wallet: name, walletAsset, asset });
}

export function stale({ expectedVersion }: { expectedVersion?: number }, { version }: ModelAccount): ModelRefusal | null {
  return expectedVersion === undefined || expectedVersion === version
    ? null
    : no('version_stale', { expectedVersion, currentVersion: version });
}

export function closed(from: ModelAccount | null, to: ModelAccount | null): ModelRefusal | null {
  if (from?.debits === 'closed') return no('wallet_closed', { wallet: from.name, side: 'debits' });
  return to?.credits === 'closed' ? no('wallet_closed', { wallet: to.name, side: 'credits' }) : null;
}

export function frozen(from: ModelAccount | null, to: ModelAccount | null): ModelRefusal | null {
  if (from?.debits === 'frozen') return no('wallet_frozen', { wallet: from.name, side: 'debits' });
  return to?.credits === 'frozen' ? no('wallet_frozen', { wallet: to.name, side: 'credits' }) : null;
}

export function taken(world: World, from: ModelAccount, requested: bigint, upTo: boolean | undefined): bigint | ModelRefusal {
  const available = world.available(from);
  if (available === null || requested <= available) return requested;
  return upTo && available > 0n ? available : no('insufficient_funds', { wallet: from.name, available, requested });
}

export function overLimit(world: World, from: ModelAccount, amount: bigint, now: Date): ModelRefusal | null {
  const held = world.held(from.name);
  const used = { perTransfer: 0n, perDay: world.spent(from, 'day', now) + held, perMonth: world.spent(from, 'month', now) + held };
  for (const limit of ['perTransfer', 'perDay', 'perMonth'] as const) {
    const allowed = from.limits?.[limit] ?? null;
    if (allowed !== null && amount > allowed - used[limit])
      return no('limit_exceeded', { wallet: from.name, limit, allowed, used: used[limit], requested: amount });
  }
  return null;
}

export function underMinimum(
  world: World,
  { minimumBalance }: { minimumBalance?: bigint },
  { name, balance }: ModelAccount,
  change: bigint,
): ModelRefusal | null {
  const after = balance + change - world.held(name);
  return minimumBalance === undefined || after >= minimumBalance
    ? null
    : no('balance_below_minimum', { wallet: name, minimumBalance, balance: after });
}

export function tooMuch(from: ModelAccount, to: ModelAccount, amount: bigint): ModelRefusal | null {
  if (from.balance - amount < -mostOf(from)) return no('balance_limit', { wallet: from.name });
  return to.balance + amount > mostOf(to) ? no('balance_limit', { wallet: to.name }) : null;
}
