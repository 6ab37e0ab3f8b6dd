/** Controls: what operators decide about a wallet. Each is a log entry with its reason and its actor. */
import { assert } from '../../kernel/index.ts';
import { changed } from './accounts.ts';
import { changeOf, contentName } from './content.ts';
import type { Content } from './content.ts';
import { noAccounts, refuse } from './decision.ts';
import type { BookView, Decision, Refused } from './decision.ts';
import { balanceLimitRefusal, closedRefusal, frozenRefusal, limitRefusal, versionRefusal } from './guards.ts';
import { walletInOtherBook, isSameAccount, nameOf, partiesOf } from './parties.ts';
import type { Parties } from './parties.ts';
import { spentAfter } from './spending.ts';
import type { Account, AccountRef, ControlOperation, Controls, Limits, SideStatus, Sides } from './types.ts';

type ControlOf<Kind extends ControlOperation['kind']> = Extract<ControlOperation, { kind: Kind }>;

export function decideControl(book: BookView, operation: ControlOperation, now: Date): Decision {
  const account = book.wallet(operation.wallet);
  const scope = account ? account.number : null;

  if (operation.kind === 'close' && operation.sweepTo) return decideSweep(book, operation, operation.sweepTo, account, now);
  if (walletInOtherBook(book, operation) !== null) return refuse('other_book', scope, { wallet: operation.wallet });
  if (!account) return refuse('wallet_not_found', scope, { wallet: operation.wallet });
  const stale = versionRefusal(operation.expectedVersion, account.version, account.number);
  if (stale) return stale;

  switch (operation.kind) {
    case 'freeze':
    case 'unfreeze':
      return decideFreeze(account, operation, now);
    case 'close': {
      const refusal = closingRefusal(account, operation.sides);
      return refusal ?? controlled(account, { controls: withSides(account.controls, operation.sides, 'closed') }, now);
    }
    case 'limit':
      return decideLimits(account, operation, now);
    case 'credit_line':
      return decideCreditLine(account, operation, now);
  }
}

export function controlContent(operation: ControlOperation): Content {
  const { wallet, reason, actor } = operation;
  const credit = operation.kind === 'close' && operation.sweepTo ? contentName(operation.sweepTo) : null;
  return { debit: wallet, credit, amount: null, ...changeOf(operation), reason, actor };
}

/** Changes the sides that are in the state to leave: freezing a half-frozen wallet freezes the rest. */
function decideFreeze(account: Account, { kind, sides }: ControlOf<'freeze' | 'unfreeze'>, now: Date): Decision {
  const [from, to]: [SideStatus, SideStatus] = kind === 'freeze' ? ['open', 'frozen'] : ['frozen', 'open'];
  const moving = sidesIn(account.controls, sides, from);
  const isClosed = sidesIn(account.controls, sides, 'closed') === sides;

  if (isClosed) return refuse('wallet_closed', account.number, { wallet: account.id, side: sides });
  if (moving === null) return refuse('nothing_to_change', account.number, { wallet: account.id });

  return controlled(account, { controls: withSides(account.controls, moving, to) }, now);
}

/** Closing debits cuts off the money, and closing credits cuts off repayments. Held amounts cannot be swept. */
function closingRefusal(account: Account, sides: Sides, sweeping = false): Refused | null {
  const { balance, held } = account;
  // Money that came back to a closed wallet has no other way out.
  const isStranded = sweeping && balance > 0n && account.controls.debits === 'closed';
  if (sidesIn(account.controls, sides, 'closed') === sides && !isStranded)
    return refuse('nothing_to_change', account.number, { wallet: account.id });
  const isHeld = held !== 0n && (sides !== 'credits' || sweeping);
  const isLeft = balance > 0n && sides !== 'credits' && !sweeping;
  if (balance < 0n || isHeld || isLeft) return refuse('wallet_not_empty', account.number, { wallet: account.id, balance, held });
  return null;
}

/**
 * Closes the wallet and moves its balance to another account in the same entry. A sweep by operators passes freezes and limits. An owner's
 * sweep is an ordinary debit; otherwise closing would be the way around them.
 */
function decideSweep(
  book: BookView,
  operation: ControlOf<'close'>,
  sweepTo: AccountRef,
  account: Account | undefined,
  now: Date,
): Decision {
  const scope = account ? account.number : null;
  const parties = partiesOf(book, { wallet: operation.wallet }, sweepTo, undefined);

  if (isSameAccount({ wallet: operation.wallet }, sweepTo)) return refuse('same_wallet', scope, { wallet: operation.wallet });
  const inOtherBook = walletInOtherBook(book, operation) ?? walletInOtherBook(book, sweepTo);
  if (inOtherBook !== null) return refuse('other_book', scope, { wallet: inOtherBook });
  if (!account) return refuse('wallet_not_found', scope, { wallet: operation.wallet });
  if (!parties.credit) return refuse('recipient_not_found', scope, { wallet: nameOf(sweepTo) });
  if (parties.credit.asset !== account.asset)
    return refuse('asset_mismatch', scope, { wallet: parties.credit.id, walletAsset: parties.credit.asset, asset: account.asset });
  const owners = operation.onlyOwner !== undefined && account.balance > 0n ? account : null;
  const refusal =
    versionRefusal(operation.expectedVersion, account.version, scope) ??
    closedRefusal(null, parties.credit, scope) ??
    frozenRefusal(owners, parties.credit, scope) ??
    closingRefusal(account, operation.sides, true) ??
    (owners && limitRefusal(owners, account.balance, now, scope)) ??
    balanceLimitRefusal(account, parties.credit, account.balance, scope);
  if (refusal) return refusal;

  const controls = withSides(account.controls, operation.sides, 'closed');
  return account.balance === 0n ? controlled(account, { controls }, now) : swept(account, parties, controls, now);
}

function swept(account: Account, { credit, opened }: Parties, controls: Controls, now: Date): Decision {
  assert(credit, 'the guards require an account');
  const amount = account.balance;
  const { floor } = account;
  return {
    type: 'posted',
    opened,
    debit: changed(account, 0n, account.held, { floor, controls, spent: spentAfter(account, 0n, now) }),
    credit: changed(credit, credit.balance + amount, credit.held, credit),
    amount,
    scope: account.number,
    hold: null,
    original: null,
  };
}

/** Spending on the same day or in the same month before the limit was set counts: the writer has looked it up. */
function decideLimits(account: Account, { limits }: ControlOf<'limit'>, now: Date): Decision {
  const closed = closedRefusal(account, null, account.number);
  if (closed) return closed;
  if (isSameLimits(account.controls.limits, limits)) return refuse('nothing_to_change', account.number, { wallet: account.id });

  assert(limits === null || account.spent, 'spending is counted before a first limit is decided');
  return controlled(account, { controls: { ...account.controls, limits } }, now);
}

function decideCreditLine(account: Account, { floor }: ControlOf<'credit_line'>, now: Date): Decision {
  const free = account.balance - account.held;
  const closed = closedRefusal(account, null, account.number);
  if (closed) return closed;
  if (account.floor === floor) return refuse('nothing_to_change', account.number, { wallet: account.id });
  if (free < floor) return refuse('credit_line_in_use', account.number, { wallet: account.id, balance: free, floor });

  return controlled(account, { floor }, now);
}

function controlled(account: Account, change: Partial<Pick<Account, 'floor' | 'controls'>>, now: Date): Decision {
  const { floor, controls } = account;
  const debit = changed(account, account.balance, account.held, { floor, controls, spent: spentAfter(account, 0n, now), ...change });
  return { type: 'posted', opened: noAccounts, debit, credit: null, amount: null, scope: account.number, hold: null, original: null };
}

/** Those of the sides that are in a state; null for none. */
function sidesIn({ debits, credits }: Controls, sides: Sides, status: SideStatus): Sides | null {
  const inDebits = sides !== 'credits' && debits === status;
  const inCredits = sides !== 'debits' && credits === status;
  if (inDebits && inCredits) return 'both';
  if (inDebits) return 'debits';
  return inCredits ? 'credits' : null;
}

function withSides(controls: Controls, sides: Sides, status: SideStatus): Controls {
  return {
    ...controls,
    ...(sides !== 'credits' && { debits: status }),
    ...(sides !== 'debits' && { credits: status }),
  };
}

function isSameLimits(one: Limits | null, other: Limits | null): boolean {
  if (one === null || other === null) return one === other;
  return one.perTransfer === other.perTransfer && one.perDay === other.perDay && one.perMonth === other.perMonth;
}
