/** The controls of the reference: operators' decisions about a wallet. */
import type { AccountRef, ControlOperation, Sides } from '../../packages/coffer/src/ledger/index.ts';
import { decidedOf, limitsInWords } from './model-content.ts';
import { closed, frozen, overLimit, stale, tooMuch, word } from './model-transfers.ts';
import { metadataOf, no } from './model-world.ts';
import type { ModelAccount, ModelEntry, ModelRefusal, SideState, World } from './model-world.ts';

type Close = Extract<ControlOperation, { kind: 'close' }>;

export function control(world: World, asked: ControlOperation, now: Date): ModelRefusal | ModelEntry {
  const { wallet } = asked;
  const account = world.account(wallet);
  if (asked.kind === 'close' && asked.sweepTo) return sweep(world, asked, asked.sweepTo, now);
  if (!world.keeps(wallet)) return no('other_book', { wallet });
  if (!account) return no('wallet_not_found', { wallet });
  const refusal = stale(asked, account) ?? change(world, asked, account);
  if (refusal) return refusal;

  const entry = world.note(now, account, saying(asked, account));
  if (asked.kind === 'credit_line') entry.debitFloor = account.floor;
  return entry;
}

/** Changes the account, or returns the refusal. */
function change(world: World, asked: ControlOperation, account: ModelAccount): ModelRefusal | null {
  const { name: wallet } = account;
  switch (asked.kind) {
    case 'freeze':
    case 'unfreeze': {
      const [before, after]: SideState[] = asked.kind === 'freeze' ? ['open', 'frozen'] : ['frozen', 'open'];
      const named = sidesOf(asked.sides);
      if (named.every((side) => account[side] === 'closed')) return no('wallet_closed', { wallet, side: asked.sides });
      const moving = named.filter((side) => account[side] === before);
      if (moving.length === 0) return no('nothing_to_change', { wallet });
      for (const side of moving) account[side] = after as SideState;
      return null;
    }
    case 'close': {
      const refusal = notToClose(world, asked, account);
      if (!refusal) for (const side of sidesOf(asked.sides)) account[side] = 'closed';
      return refusal;
    }
    case 'limit': {
      const [now, then] = [limitsInWords(account.limits), limitsInWords(asked.limits)].map((limits) => JSON.stringify(limits));
      const refusal = closed(account, null) ?? (now === then ? no('nothing_to_change', { wallet }) : null);
      if (!refusal) account.limits = asked.limits;
      return refusal;
    }
    case 'credit_line': {
      const free = account.balance - world.held(wallet);
      const refusal = closed(account, null) ?? (account.floor === asked.floor ? no('nothing_to_change', { wallet }) : null);
      if (refusal) return refusal;
      if (free < asked.floor) return no('credit_line_in_use', { wallet, balance: free, floor: asked.floor });
      account.floor = asked.floor;
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

function sweep(world: World, asked: Close, sweepTo: AccountRef, now: Date): ModelRefusal | ModelEntry {
  const { wallet } = asked;
  const account = world.account(wallet);
  if (word(sweepTo) === wallet) return no('same_wallet', { wallet });
  for (const name of [wallet, 'wallet' in sweepTo ? sweepTo.wallet : wallet])
    if (!world.keeps(name)) return no('other_book', { wallet: name });
  if (!account) return no('wallet_not_found', { wallet });
  const to = world.seen(sweepTo, account.asset);
  if (!to) return no('recipient_not_found', { wallet: word(sweepTo) });
  if (to.asset !== account.asset) return no('asset_mismatch', { wallet: to.name, walletAsset: to.asset, asset: account.asset });
  // Operators may sweep any balance; owners only an amount that they could have withdrawn.
  const byOwner = asked.onlyOwner !== undefined && account.balance > 0n;
  const refusal =
    stale(asked, account) ??
    closed(null, to) ??
    frozen(byOwner ? account : null, to) ??
    notToClose(world, asked, account) ??
    (byOwner ? overLimit(world, account, account.balance, now) : null) ??
    tooMuch(account, to, account.balance);
  if (refusal) return refusal;

  for (const side of sidesOf(asked.sides)) account[side] = 'closed';
  if (account.balance === 0n) return world.note(now, account, saying(asked, account));
  const opening = world.log.length;
  const payee = world.brought(to, now);
  const entry = world.move(now, account, payee, account.balance, saying(asked, account));
  for (const opened of world.log.slice(opening)) opened.operation = entry.seq;
  return entry;
}

function saying(asked: ControlOperation, { number, debits, credits, limits, floor }: ModelAccount) {
  return {
    kind: asked.kind,
    scope: number,
    key: asked.key,
    metadata: metadataOf(asked),
    details: decidedOf(asked),
    controls: { debits, credits, limits: limitsInWords(limits), floor: floor === null ? null : String(floor) },
  };
}

function sidesOf(sides: Sides): readonly ('debits' | 'credits')[] {
  return sides === 'both' ? ['debits', 'credits'] : [sides];
}
