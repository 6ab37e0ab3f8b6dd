/** The controls of the reference: operators' decisions about a wallet. */
import type { AccountRef, ControlOperation, Sides } from '../../packages/coffer/src/ledger/index.ts';
import { decidedOf, limitsInWords } from './model-content.ts';
import { closed, frozen, overLimit, stale, tooMuch, word } from './model-transfers.ts';
import { metadataOf, no } from './model-world.ts';
import type { ModelAccount, ModelEntry, ModelRefusal, SideState, World } from './model-world.ts';

type Close = Extract<ControlOperation, { kind: 'close' }>;

export function control(world: World, operation: ControlOperation, now: Date): ModelRefusal | ModelEntry {
  const { wallet } = operation;
  const account = world.account(wallet);
  if (operation.kind === 'close' && operation.sweepTo) return sweep(world, operation, operation.sweepTo, now);
  if (!world.keeps(wallet)) return no('other_book', { wallet });
  if (!account) return no('wallet_not_found', { wallet });
  const refusal = stale(operation, account) ?? change(world, operation, account);
  if (refusal) return refusal;

  const entry = world.note(now, account, saying(operation, account));
  if (operation.kind === 'credit_line') entry.debitFloor = account.floor;
  return entry;
}

/** Changes the account, or returns the refusal. */
function change(world: World, operation: ControlOperation, account: ModelAccount): ModelRefusal | null {
  const { name: wallet } = account;
  switch (operation.kind) {
    case 'freeze':
    case 'unfreeze': {
      const [before, after]: SideState[] = operation.kind === 'freeze' ? ['open', 'frozen'] : ['frozen', 'open'];
      const named = sidesOf(operation.sides);
      if (named.every((side) => account[side] === 'closed')) return no('wallet_closed', { wallet, side: operation.sides });
      const moving = named.filter((side) => account[side] === before);
      if (moving.length === 0) return no('nothing_to_change', { wallet });
      for (const side of moving) account[side] = after as SideState;
      return null;
    }
    case 'close': {
      const refusal = notToClose(world, operation, account);
      if (!refusal) for (const side of sidesOf(operation.sides)) account[side] = 'closed';
      return refusal;
    }
    case 'limit': {
      const [now, then] = [limitsInWords(account.limits), limitsInWords(operation.limits)].map((limits) => JSON.stringify(limits));
      const refusal = closed(account, null) ?? (now === then ? no('nothing_to_change', { wallet }) : null);
      if (!refusal) account.limits = operation.limits;
      return refusal;
    }
    case 'credit_line': {
      const free = account.balance - world.held(wallet);
      const refusal = closed(account, null) ?? (account.floor === operation.floor ? no('nothing_to_change', { wallet }) : null);
      if (refusal) return refusal;
      if (free < operation.floor) return no('credit_line_in_use', { wallet, balance: free, floor: operation.floor });
      account.floor = operation.floor;
      return null;
    }
  }
}

/** No money, debt or hold may remain on a closed side. A swept balance must belong entirely to the wallet. */
function notToClose(world: World, { sides, sweepTo }: Close, account: ModelAccount): ModelRefusal | null {
  const { name: wallet, balance } = account;
  const held = world.held(wallet);
  // Money returned to a wallet with closed debits is swept by closing it again.
  const isStranded = sweepTo !== undefined && balance > 0n && account.debits === 'closed';
  if (sidesOf(sides).every((side) => account[side] === 'closed') && !isStranded) return no('nothing_to_change', { wallet });
  const isPromised = held > 0n && (sides !== 'credits' || sweepTo !== undefined);
  const isLeft = balance > 0n && sides !== 'credits' && sweepTo === undefined;
  return balance < 0n || isPromised || isLeft ? no('wallet_not_empty', { wallet, balance, held }) : null;
}

function sweep(world: World, operation: Close, sweepTo: AccountRef, now: Date): ModelRefusal | ModelEntry {
  const { wallet } = operation;
  const account = world.account(wallet);
  if (word(sweepTo) === wallet) return no('same_wallet', { wallet });
  for (const name of [wallet, 'wallet' in sweepTo ? sweepTo.wallet : wallet])
    if (!world.keeps(name)) return no('other_book', { wallet: name });
  if (!account) return no('wallet_not_found', { wallet });
  const to = world.seen(sweepTo, account.asset);
  if (!to) return no('recipient_not_found', { wallet: word(sweepTo) });
  if (to.asset !== account.asset) return no('asset_mismatch', { wallet: to.name, walletAsset: to.asset, asset: account.asset });
  // Operators may sweep any balance; owners only an amount that they could have withdrawn.
  const byOwner = operation.onlyOwner !== undefined && account.balance > 0n;
  const refusal =
    stale(operation, account) ??
    closed(null, to) ??
    frozen(byOwner ? account : null, to) ??
    notToClose(world, operation, account) ??
    (byOwner ? overLimit(world, account, account.balance, now) : null) ??
    tooMuch(account, to, account.balance);
  if (refusal) return refusal;

  for (const side of sidesOf(operation.sides)) account[side] = 'closed';
  if (account.balance === 0n) return world.note(now, account, saying(operation, account));
  const opening = world.log.length;
  const payee = world.brought(to, now);
  const entry = world.move(now, account, payee, account.balance, saying(operation, account));
  for (const opened of world.log.slice(opening)) opened.operation = entry.seq;
  return entry;
}

function saying(operation: ControlOperation, { number, debits, credits, limits, floor }: ModelAccount) {
  return {
    kind: operation.kind,
    scope: number,
    key: operation.key,
    metadata: metadataOf(operation),
    details: decidedOf(operation),
    controls: { debits, credits, limits: limitsInWords(limits), floor: floor === null ? null : String(floor) },
  };
}

function sidesOf(sides: Sides): readonly ('debits' | 'credits')[] {
  return sides === 'both' ? ['debits', 'credits'] : [sides];
}
