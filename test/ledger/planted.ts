/** Rules with a planted bug, each derived from the correct rules by changing their view, their input or their output. */
import { decide } from '../../packages/coffer/src/ledger/rules/decide.ts';
import type { BookView, Decision, Posted, PreparedOperation } from '../../packages/coffer/src/ledger/rules/decision.ts';
import type { Account, Operation } from '../../packages/coffer/src/ledger/index.ts';

export type Decide = (book: BookView, asked: PreparedOperation, now: Date) => Decision;

/** A modified view of the book. */
function seenThrough(book: BookView, otherwise: Partial<BookView>): BookView {
  return {
    wallet: (id) => book.wallet(id),
    system: (kind, asset) => book.system(kind, asset),
    account: (id) => book.account(id),
    remembered: (asked) => book.remembered(asked),
    hold: (seq) => book.hold(seq),
    original: (seq) => book.original(seq),
    knowsAsset: (asset) => book.knowsAsset(asset),
    named: (id) => book.named(id),
    isRetired: (asset) => book.isRetired(asset),
    keeps: (wallet) => book.keeps(wallet),
    nextAccountNumber: book.nextAccountNumber,
    nextSeq: book.nextSeq,
    ...otherwise,
  };
}

/** Rules that see modified accounts for operations that move money, and record the real ones: `undo` reverts the difference. */
function misreading(change: (account: Account) => Partial<Account>, undo: (after: Account, real: Account) => Partial<Account>): Decide {
  return (book, asked, now) => {
    if (!moving.some((kind) => kind === asked.operation.kind)) return decide(book, asked, now);
    const real = new Map<number, Account>();
    const see = (account: Account | undefined) => {
      if (!account) return undefined;
      real.set(account.number, account);
      return { ...account, ...change(account) };
    };
    const decision = decide(
      seenThrough(book, {
        wallet: (id) => see(book.wallet(id)),
        system: (kind, asset) => see(book.system(kind, asset)),
        account: (id) => see(book.account(id)),
      }),
      asked,
      now,
    );
    const again = (after: Account) => {
      const before = real.get(after.number);
      return before ? { ...after, ...undo(after, before) } : after;
    };
    return posted(decision, ({ debit, credit, ...rest }) => ({ ...rest, debit: again(debit), credit: credit && again(credit) }));
  };
}

function posted(decision: Decision, change: (decision: Posted) => Posted): Decision {
  return decision.type === 'posted' ? change(decision) : decision;
}

/** Rules that change the answer of a posted operation. */
function answering(change: (decision: Posted, asked: Operation, book: BookView) => Posted): Decide {
  return (book, asked, now) => posted(decide(book, asked, now), (decision) => change(decision, asked.operation, book));
}

/** Rules that ignore a part of the request. */
function deafTo(...parts: string[]): Decide {
  return (book, asked, now) => {
    const operation = Object.fromEntries(Object.entries(asked.operation).filter(([part]) => !parts.includes(part))) as Operation;
    return decide(book, { ...asked, operation }, now);
  };
}

/** Rules that continue where the correct ones refuse with this code: decides again on a book without the reason for it. */
function passingOver(kinds: readonly Operation['kind'][], otherwise: (book: BookView) => Partial<BookView>): Decide {
  return (book, asked, now) => decide(kinds.includes(asked.operation.kind) ? seenThrough(book, otherwise(book)) : book, asked, now);
}

const transfers = ['issue', 'burn', 'deposit', 'withdrawal', 'topup', 'spend', 'transfer'] as const;
/** Operations that debit a wallet or credit one. */
const moving = [...transfers, 'hold', 'capture'] as const;
/** Either end of a transfer by saga. */
const ends = ['transfer_complete', 'transfer_return'] as const;
const openSides = { debits: 'open', credits: 'open' } as const;
const endless = (book: BookView): Partial<BookView> => ({
  hold: (seq) => {
    const hold = book.hold(seq);
    return hold && { ...hold, expiresAt: null };
  },
});

/** The tools above without any change: no bug. */
export const harmless: readonly Decide[] = [
  misreading(
    () => ({}),
    () => ({}),
  ),
  answering((decision) => decision),
  deafTo(),
  passingOver(moving, () => ({})),
];

export const planted: readonly (readonly [bug: string, rules: Decide])[] = [
  [
    'skip the floor',
    misreading(
      () => ({ floor: null }),
      (_, { floor }) => ({ floor }),
    ),
  ],
  [
    'do not compare the request recorded under a key',
    (book, asked, now) => {
      const before = book.remembered(asked);
      return before ? { type: 'replayed', entry: before } : decide(book, asked, now);
    },
  ],
  [
    'have the wrong sign on one leg',
    answering((decision) => {
      const { credit, amount } = decision;
      return credit === null || amount === null ? decision : { ...decision, credit: { ...credit, balance: credit.balance - 2n * amount } };
    }),
  ],
  ['forget what was answered', passingOver([...transfers, 'hold', 'capture', 'reversal'], () => ({ remembered: () => undefined }))],
  [
    'do not count a posting in the version of one side',
    answering((decision) => ({ ...decision, debit: { ...decision.debit, version: decision.debit.version - 1 } })),
  ],
  ['ignore the version that the caller expects', deafTo('expectedVersion')],
  ['let the maker or the owner approve', deafTo('approver')],
  [
    'do not record a refusal',
    (book, asked, now) => {
      const decision = decide(book, asked, now);
      return decision.type === 'refused' ? { ...decision, scope: null } : decision;
    },
  ],
  ['remember under the account of the other side', answering((decision) => ({ ...decision, scope: decision.debit.number }))],
  ['open a wallet that has its place in another book', passingOver(['open', ...transfers], () => ({ keeps: () => true }))],
  [
    'check the key before the owner of the wallet',
    (book, asked, now) => {
      const before = book.remembered(asked);
      return before && before.digest === asked.digest ? { type: 'replayed', entry: before } : decide(book, asked, now);
    },
  ],
  ['do not look whose wallet it is', deafTo('onlyOwner')],
  ['do not keep the minimum that the caller asked for', deafTo('minimumBalance')],

  [
    'let an account that every book has initiate, instead of the wallet',
    answering((decision, asked) =>
      asked.kind === 'transfer' && 'named' in asked.debit ? { ...decision, scope: decision.debit.number } : decision,
    ),
  ],
  [
    'burn more than the treasury has',
    passingOver(['burn'], (book) => ({
      system: (kind, asset) => {
        const account = book.system(kind, asset);
        return account && { ...account, floor: null };
      },
    })),
  ],
  [
    'pay into an account that is not in the chart',
    passingOver(['transfer'], (book) => ({ named: (id) => book.named(id) ?? { asset: 1, floor: null } })),
  ],
  [
    'open an account without its floor',
    passingOver(['transfer', 'transfer_debit'], (book) => ({
      named: (id) => {
        const found = book.named(id);
        return found?.floor === undefined || found.floor === null ? found : { ...found, floor: found.floor - 1_000n };
      },
    })),
  ],
  [
    'open an account in another asset than its own',
    passingOver(['transfer'], (book) => ({
      named: (id) => {
        const found = book.named(id);
        return found && { ...found, asset: 1 };
      },
    })),
  ],
  [
    'remember a refusal for an account that it did not open',
    (book, asked, now) => {
      const decision = decide(book, asked, now);
      const isEarly = asked.operation.kind === 'transfer_debit' && !book.wallet(asked.operation.wallet);
      return decision.type === 'refused' && isEarly && decision.refusal.code === 'insufficient_funds'
        ? { ...decision, scope: book.nextAccountNumber }
        : decision;
    },
  ],

  [
    'leave the held amount available',
    misreading(
      ({ held, floor }) => ({ floor: floor === null ? null : floor - held }),
      (_, { floor }) => ({ floor }),
    ),
  ],
  [
    'take more than the available balance in up-to mode',
    misreading(
      ({ floor }) => ({ floor: floor === null ? null : floor - 1n }),
      (_, { floor }) => ({ floor }),
    ),
  ],
  ['take nothing when asked for up to more than there is', deafTo('upTo')],
  ['capture after the time of a hold', passingOver(['capture'], endless)],
  ['release after the time of a hold', passingOver(['release'], endless)],
  [
    'expire a hold before its time',
    (book, asked, now) => decide(book, asked, asked.operation.kind === 'expire' ? new Date(now.getTime() + 1_000) : now),
  ],
  [
    'capture one millisecond too late',
    (book, asked, now) => decide(book, asked, asked.operation.kind === 'capture' ? new Date(now.getTime() - 1) : now),
  ],
  [
    'capture without reducing the hold',
    answering((decision, { kind }, book) =>
      kind === 'capture' && decision.hold ? { ...decision, hold: book.hold(decision.hold.seq) ?? null } : decision,
    ),
  ],
  [
    'capture without reducing the held total',
    answering((decision, { kind }) =>
      kind === 'capture' ? { ...decision, debit: { ...decision.debit, held: decision.debit.held + (decision.amount ?? 0n) } } : decision,
    ),
  ],
  ['do not release the rest with the last capture', deafTo('final')],
  [
    'accept a hold from any wallet that names it',
    passingOver(['release', 'expire'], (book) => ({
      hold: (seq) => {
        const hold = book.hold(seq);
        return hold && { ...hold, wallet: 'a' };
      },
    })),
  ],
  ['hold without an end', deafTo('expiresInSeconds')],

  ['do not count what was reversed before', passingOver(['reversal'], (book) => ({ original: (seq) => withReversed(book, seq, 0n) }))],
  [
    'count only one of several reversals',
    answering((decision) =>
      decision.original ? { ...decision, original: { ...decision.original, reversed: decision.amount ?? 0n } } : decision,
    ),
  ],
  [
    'reverse in the direction of the original',
    answering((decision, { kind }) => {
      const { debit, credit, amount } = decision;
      if (kind !== 'reversal' || !credit || amount === null) return decision;
      return {
        ...decision,
        debit: { ...debit, balance: debit.balance + 2n * amount },
        credit: { ...credit, balance: credit.balance - 2n * amount },
      };
    }),
  ],
  ['let a freeze stop a reversal', (book, asked, now) => refusedWhenFrozen(book, asked.operation) ?? decide(book, asked, now)],

  ['decide a transfer again when its credit is repeated', passingOver(['transfer_credit'], () => ({ remembered: () => undefined }))],
  [
    'do not record that a recipient is missing',
    (book, asked, now) => {
      const decision = decide(book, asked, now);
      return decision.type === 'refused' && asked.operation.kind === 'transfer_credit' ? { ...decision, scope: null } : decision;
    },
  ],
  ['end a transfer both ways', passingOver(ends, () => ({ remembered: () => undefined }))],
  [
    'end an operation that is not a transfer, and record it',
    (book, asked, now) => {
      const decision = decide(book, asked, now);
      const scope = 'ends' in asked.operation ? (book.system('in_transit', asked.operation.asset)?.number ?? null) : null;
      return decision.type === 'refused' && scope !== null ? { ...decision, scope } : decision;
    },
  ],
  [
    'return an amount other than the debited one',
    answering((decision, { kind }) => {
      const { debit, credit } = decision;
      if (kind !== 'transfer_return' || !credit) return decision;
      return { ...decision, debit: { ...debit, balance: debit.balance + 1n }, credit: { ...credit, balance: credit.balance - 1n } };
    }),
  ],
  [
    'move a completed amount again',
    answering((decision, { kind }) => {
      const { debit, amount } = decision;
      return kind === 'transfer_complete' && amount !== null
        ? { ...decision, debit: { ...debit, balance: debit.balance - amount } }
        : decision;
    }),
  ],
  [
    'let a freeze block a return',
    (book, asked, now) => {
      const { operation } = asked;
      const sender = operation.kind === 'transfer_return' ? book.wallet(operation.from) : undefined;
      if (sender?.controls.credits !== 'frozen') return decide(book, asked, now);
      return { type: 'refused', refusal: { code: 'wallet_frozen', facts: { wallet: sender.id, side: 'credits' } }, scope: null };
    },
  ],
  [
    'restore limits by the returned amount',
    answering((decision, { kind }) => {
      const { credit, amount } = decision;
      if (kind !== 'transfer_return' || !credit?.spent || amount === null) return decision;
      return { ...decision, credit: { ...credit, spent: { ...credit.spent, day: credit.spent.day - amount } } };
    }),
  ],
  [
    'credit a frozen recipient',
    (book, asked, now) => {
      const { operation } = asked;
      const to = operation.kind === 'transfer_credit' ? book.wallet(operation.to) : undefined;
      if (to?.controls.credits !== 'frozen') return decide(book, asked, now);
      const open = { ...to, controls: { ...to.controls, credits: 'open' as const } };
      const decision = decide(seenThrough(book, { wallet: () => open }), asked, now);
      return posted(decision, ({ credit, ...rest }) => ({ ...rest, credit: credit && { ...credit, controls: to.controls } }));
    },
  ],

  [
    'ignore a freeze of credits',
    misreading(
      ({ controls }) => ({ controls: controls.credits === 'frozen' ? { ...controls, credits: 'open' } : controls }),
      withControlsOf,
    ),
  ],
  [
    'ignore a freeze of debits',
    misreading(({ controls }) => ({ controls: controls.debits === 'frozen' ? { ...controls, debits: 'open' } : controls }), withControlsOf),
  ],
  ['pay into a closed wallet', misreading(({ controls }) => ({ controls: { ...controls, ...openSides } }), withControlsOf)],
  [
    'close with a hold open',
    (book, asked, now) => {
      const { operation } = asked;
      const account = operation.kind === 'close' ? book.wallet(operation.wallet) : undefined;
      if (!account) return decide(book, asked, now);
      const emptied = { ...account, held: 0n };
      const see = (id: string) => (id === account.id ? emptied : book.wallet(id));
      return posted(decide(seenThrough(book, { wallet: see }), asked, now), (decision) => ({
        ...decision,
        debit: { ...decision.debit, held: account.held },
      }));
    },
  ],
  [
    'count a limit without the held amount',
    misreading(
      ({ held, floor }) => ({ held: 0n, floor: floor === null ? null : floor + held }),
      (after, { held, floor }) => ({ held: after.held + held, floor }),
    ),
  ],
  [
    'count a capture towards no limit',
    answering((decision, { kind }, book) =>
      kind === 'capture' ? { ...decision, debit: { ...decision.debit, spent: book.wallet(decision.debit.id)?.spent ?? null } } : decision,
    ),
  ],
  [
    'count a reversal towards a limit',
    answering((decision, { kind }) => {
      const { debit, amount } = decision;
      if (kind !== 'reversal' || !debit.spent || amount === null) return decision;
      return { ...decision, debit: { ...debit, spent: { ...debit.spent, day: debit.spent.day + amount } } };
    }),
  ],
  [
    'treat each day as the first of February',
    misreading(
      ({ spent }) => ({ spent: spent && { ...spent, at: Date.parse('2026-02-01T00:00:00Z') } }),
      () => ({}),
    ),
  ],
  [
    'reduce a credit line while it is in use',
    (book, asked, now) => {
      const { operation } = asked;
      const account = operation.kind === 'credit_line' ? book.wallet(operation.wallet) : undefined;
      if (!account) return decide(book, asked, now);
      const see = (id: string) => (id === account.id ? { ...account, balance: account.balance + 100n } : book.wallet(id));
      return posted(decide(seenThrough(book, { wallet: see }), asked, now), (decision) => ({
        ...decision,
        debit: { ...decision.debit, balance: account.balance },
      }));
    },
  ],
];

function withControlsOf(_: Account, { controls }: Account): Partial<Account> {
  return { controls };
}

function withReversed(book: BookView, seq: number, reversed: bigint): ReturnType<BookView['original']> {
  const original = book.original(seq);
  return original && { ...original, reversed };
}

function refusedWhenFrozen(book: BookView, operation: Operation): Decision | null {
  const account = operation.kind === 'reversal' ? book.account(operation.initiator) : undefined;
  if (account?.controls.debits !== 'frozen') return null;
  return { type: 'refused', refusal: { code: 'wallet_frozen', facts: { wallet: account.id, side: 'debits' } }, scope: account.number };
}
