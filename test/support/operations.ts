/** Operations for property tests: few wallets, few keys and awkward amounts, so that everything collides with everything. */
import fc from 'fast-check';
import type {
  AccountRef,
  HoldOperation,
  Limits,
  Operation,
  SystemKind,
  TransferKind,
  TransferOperation,
} from '../../packages/coffer/src/ledger/index.ts';
import type { Model } from './model.ts';
import { chart, retiredAsset } from './model-world.ts';

/** An operation, or one about a hold or a posting that is picked from the existing ones at run time. */
export type Wish = { readonly operation: Operation; readonly pick: number | null };

/** One request of a caller (several operations: all or nothing), and the pause since the previous one. */
export type Request = { readonly wishes: readonly Wish[]; readonly laterMs: number };

/** Assets that exist, the last one retired; 9 does not. */
export const assets = [1, 2, retiredAsset] as const;

/** A wallet of another book. */
const elsewhere = 'elsewhere';
export const keepsWallet = (wallet: string) => wallet !== elsewhere;

const wallets = ['a', 'b', 'c', 'd', 'e'] as const;
const keys = Array.from({ length: 24 }, (_, at) => `key ${at}`);
const metadata = [undefined, '{"order":17}', '{ "note": "käse \\n", "nothing": null, "list": [1, {"x": null}] }'] as const;
const dates = [undefined, undefined, undefined, '2025-12-31T23:59:59.999Z', '2026-01-31T21:00:00.000Z', '2031-01-01T00:00:00.000Z'];
const someMs = [1, 999, 1_000, 1_001, 60_000, 3_600_000, 86_400_000, 31 * 86_400_000] as const;

/** Mostly small, so that wallets run empty now and then, plus every boundary of a number format. */
const amount = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt({ min: 1n, max: 60n }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0n, -1n, 10n ** 38n, 10n ** 38n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 10n ** 20n, 9_999n, 10_000n),
  },
);
const smallAmount = fc.bigInt({ min: 1n, max: 40n });

const asset = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(1, 2) }, { weight: 1, arbitrary: fc.constantFrom(retiredAsset, 9) });
const maybeAsset = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: asset },
);
const key = fc.constantFrom(...keys);
const wallet = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom<string>(...wallets) },
  { weight: 1, arbitrary: fc.constantFrom('nobody', elsewhere) },
);
const owner = (name: string) => `owner of ${name}`;
const flag = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 10, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const spec = (name: string) =>
  fc.record({
    owner: fc.constantFrom(null, owner(name), owner(name)),
    asset: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, { weight: 2, arbitrary: asset }),
    // A credit line, none, and a minimum balance.
    floor: fc.constantFrom(0n, 0n, 0n, -25n, 5n, -(10n ** 38n) + 1n),
  });

/** The optional fields of every operation. */
const terms = {
  key,
  expectedVersion: seldom(fc.nat({ max: 4 })),
  onlyOwner: seldom(fc.constantFrom(...wallets.map(owner))),
  metadata: fc.constantFrom(...metadata),
  actor: fc.constantFrom(undefined, 'user:1', 'user:2', 'key:2', 'anonymous'),
  approver: seldom(fc.constantFrom('user:3', 'operator:2', ...wallets.map((name) => `user:${owner(name)}`))),
};
const funding = { amount, upTo: flag, minimumBalance: seldom(fc.bigInt({ min: -20n, max: 40n })) };
const effectiveAt = fc.constantFrom(...dates).map((date) => (date === undefined ? undefined : new Date(date)));
const decided = { reason: fc.constantFrom('a mistake', 'fraud "suspected"'), actor: fc.constantFrom('operator:1', 'operator:2') };

const opening: fc.Arbitrary<Operation> = wallet.chain((name) =>
  fc.record({ kind: fc.constant('open' as const), key, wallet: fc.constant(name), opens: spec(name) }),
);

/** The possible sources and destinations of each kind. */
const sides: Record<TransferKind, readonly [debit: 'wallet' | SystemKind, credit: 'wallet' | SystemKind]> = {
  deposit: ['cash_in', 'wallet'],
  withdrawal: ['wallet', 'cash_out'],
  topup: ['treasury', 'wallet'],
  spend: ['wallet', 'treasury'],
  transfer: ['wallet', 'wallet'],
  issue: ['issuance', 'treasury'],
  burn: ['treasury', 'issuance'],
};

function side(who: 'wallet' | SystemKind, mayOpen: boolean): fc.Arbitrary<AccountRef> {
  if (who !== 'wallet') return fc.constant({ system: who });
  const known = fc.record({ wallet });
  return mayOpen ? fc.oneof(known, opened) : known;
}

const opened: fc.Arbitrary<AccountRef> = wallet.chain((name) => fc.record({ wallet: fc.constant(name), opens: spec(name) }));
/** Where a captured amount or a swept balance goes. */
const recipient: fc.Arbitrary<AccountRef> = fc.oneof(
  side('wallet', true),
  fc.constantFrom({ system: 'fees' } as const, { system: 'treasury' } as const),
);

const everywhere = Object.entries(chart).flatMap(([name, { floor }]): AccountRef[] => (floor === null ? [{ named: name }] : []));
const inOneBook = Object.entries(chart).flatMap(([name, { floor }]): string[] => (floor === null ? [] : [name]));
/** A wallet, an account of the chart, or a system account; seldom an account that does not exist, or is named as what it is not. */
const party: fc.Arbitrary<AccountRef> = fc.oneof(
  { weight: 12, arbitrary: side('wallet', true) },
  { weight: 4, arbitrary: fc.constantFrom(...everywhere) },
  { weight: 4, arbitrary: fc.constantFrom(...inOneBook).map((name) => ({ wallet: name })) },
  { weight: 2, arbitrary: fc.constantFrom('treasury' as const, 'fees' as const, 'cash_out' as const).map((system) => ({ system })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<AccountRef>(
      { named: '@none' },
      { wallet: '@none' },
      { named: '@liability:budget' },
      { wallet: '@fees:card' },
    ),
  },
);

/** Any accounts on both sides. A system account initiates in a named asset only. */
const paying = fc
  .record({ ...terms, ...funding, debit: party, credit: party, asset: maybeAsset, effectiveAt })
  .map(({ asset: named, ...rest }) => {
    const isBySystem = 'system' in rest.debit && !('wallet' in rest.credit);
    return meant<TransferOperation>({ kind: 'transfer', ...rest, asset: isBySystem ? (named ?? 1) : named });
  });

function transferOf(kind: TransferKind): fc.Arbitrary<Operation> {
  const [debit, credit] = sides[kind];
  const isOfTreasury = kind === 'issue' || kind === 'burn';
  return fc
    .record({
      ...terms,
      ...funding,
      debit: side(debit, kind === 'withdrawal'),
      credit: side(credit, true),
      asset: isOfTreasury ? asset : maybeAsset,
      reason: isOfTreasury ? seldom(decided.reason) : fc.constant(undefined),
      effectiveAt,
    })
    .map((rest) => meant<TransferOperation>({ kind, ...rest }));
}

const holding = fc
  .record({ ...terms, ...funding, wallet, asset: maybeAsset, expiresInSeconds: fc.constantFrom(undefined, 1, 60, 86_400) })
  .map((rest) => meant<HoldOperation>({ kind: 'hold', ...rest }));
const ofHold = { ...terms, wallet, hold: fc.nat({ max: 30 }).map((seq) => seq + 1), upTo: flag, amount };
const capturing = fc
  .record({ ...ofHold, credit: recipient, final: flag, effectiveAt })
  .map((rest) => meant<Operation>({ kind: 'capture', ...rest }));
const releasing = fc.record(ofHold).map((rest) => meant<Operation>({ kind: 'release', ...rest }));
const expiring = fc.record({ wallet, hold: ofHold.hold }).map((rest): Operation => ({ kind: 'expire', key: null, ...rest }));

const reversing = fc
  .record({ ...terms, ...decided, amount, upTo: flag, initiator: wallet, reverses: ofHold.hold })
  .map((rest) => meant<Operation>({ kind: 'reversal', ...rest }));

const named = { ...terms, ...decided, wallet, sides: fc.constantFrom('debits' as const, 'credits' as const, 'both' as const) };
const freezing = fc
  .record({ ...named, kind: fc.constantFrom('freeze' as const, 'unfreeze' as const, 'unfreeze' as const) })
  .map(meant<Operation>);
const closing = fc
  .record({ ...named, sweepTo: fc.oneof(fc.constant(undefined), recipient) })
  .map((rest) => meant<Operation>({ kind: 'close', ...rest }));
const most = fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: smallAmount });
const limits: fc.Arbitrary<Limits | null> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 4,
    arbitrary: fc.record({
      perTransfer: most,
      perDay: most.map((day) => day && day * 2n),
      perMonth: most.map((month) => month && month * 3n),
    }),
  },
);
const limiting = fc.record({ ...terms, ...decided, wallet, limits }).map((rest) => meant<Operation>({ kind: 'limit', ...rest }));
const lending = fc
  .record({ ...terms, ...decided, wallet, floor: fc.constantFrom(0n, -10n, -50n, 5n) })
  .map((rest) => meant<Operation>({ kind: 'credit_line', ...rest }));

/** Drops undefined fields: an operation omits a field that is not given. */
function meant<T extends Operation>(drawn: { [part in keyof T]?: T[part] | undefined } & Record<string, unknown>): T {
  return Object.fromEntries(Object.entries(drawn).filter(([, part]) => part !== undefined && part !== false)) as T;
}

const placed = fc.oneof({ weight: 8, arbitrary: wallet }, { weight: 1, arbitrary: fc.constantFrom(...inOneBook, '@none') });
const debiting = fc
  .record({ ...terms, ...funding, wallet: placed, to: placed, asset: maybeAsset, effectiveAt })
  .map((rest) => meant<Operation>({ kind: 'transfer_debit', ...rest }));
/** Of few transfers, most from another book, so that each credit repeats, sometimes with different content. */
const crediting = fc
  .record({ from: fc.constantFrom('a', 'far'), to: placed, asset: fc.constantFrom(1, 1, 2), amount: smallAmount, effectiveAt })
  .chain((rest) =>
    fc.record({ transfer: fc.nat({ max: 11 }).map((seq) => `2-${seq + 1}`), metadata: fc.constantFrom(...metadata) }).map((more) => {
      const key = `\u0001transfer/${more.transfer}`;
      return meant<Operation>({ kind: 'transfer_credit', key, ...rest, ...more });
    }),
  );
const noRecipient = { code: 'recipient_not_found', facts: { wallet: 'far' } } as const;
const ending = fc
  .record({ kind: fc.constantFrom('transfer_complete' as const, 'transfer_return' as const), ends: ofHold.hold, effectiveAt })
  .map(({ kind, ends, effectiveAt: at }) => {
    const rest = {
      asset: 1,
      ends,
      from: 'a',
      to: 'far',
      decidedBy: `2-${ends}`,
      ...(at && kind === 'transfer_return' && { effectiveAt: at }),
    };
    return meant<Operation>({ kind, key: endKey(ends), ...rest, ...(kind === 'transfer_return' && { refusal: noRecipient }) });
  });

const exact = (arbitrary: fc.Arbitrary<Operation>): fc.Arbitrary<Wish> => arbitrary.map((operation) => exactly(operation));
/** Refers to something that exists nine times out of ten. */
const picked = (arbitrary: fc.Arbitrary<Operation>): fc.Arbitrary<Wish> =>
  fc.record({
    operation: arbitrary,
    pick: fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 9, arbitrary: fc.nat({ max: 7 }) }),
  });

const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 3, arbitrary: exact(opening) },
  { weight: 8, arbitrary: exact(transferOf('deposit')) },
  { weight: 3, arbitrary: exact(transferOf('withdrawal')) },
  { weight: 2, arbitrary: exact(transferOf('topup')) },
  { weight: 2, arbitrary: exact(transferOf('spend')) },
  { weight: 6, arbitrary: exact(transferOf('transfer')) },
  { weight: 4, arbitrary: exact(paying) },
  { weight: 2, arbitrary: exact(transferOf('issue')) },
  { weight: 2, arbitrary: exact(transferOf('burn')) },
  { weight: 6, arbitrary: exact(holding) },
  { weight: 6, arbitrary: picked(capturing) },
  { weight: 2, arbitrary: picked(releasing) },
  { weight: 6, arbitrary: picked(expiring) },
  { weight: 5, arbitrary: picked(reversing) },
  { weight: 5, arbitrary: exact(debiting) },
  { weight: 5, arbitrary: exact(crediting) },
  { weight: 6, arbitrary: picked(ending) },
  { weight: 2, arbitrary: exact(freezing) },
  { weight: 1, arbitrary: exact(closing) },
  { weight: 3, arbitrary: exact(limiting) },
  { weight: 2, arbitrary: exact(lending) },
);

/** Requests of callers in sequence, some as all-or-nothing groups. */
export function requests(most: number): fc.Arbitrary<Request[]> {
  const wishes = fc.oneof(
    { weight: 5, arbitrary: wish.map((one) => [one]) },
    { weight: 1, arbitrary: fc.array(wish, { minLength: 1, maxLength: 5 }) },
  );
  const laterMs = fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.constantFrom(...someMs) });
  const repeats = seldom(fc.record({ back: fc.nat({ max: 5 }), onlyOwner: seldom(fc.constantFrom(...wallets.map(owner))) }));
  return fc
    .array(fc.record({ wishes, laterMs, repeats }), { maxLength: most, size: 'max' })
    .map((all) =>
      all.map(({ repeats: repeated, ...request }, at) =>
        repeated ? { ...request, wishes: again(all[at - 1 - repeated.back]?.wishes ?? [], repeated) } : request,
      ),
    );
}

/** An earlier request, possibly by another caller. */
function again(wishes: readonly Wish[], { onlyOwner }: { onlyOwner?: string | undefined }): Wish[] {
  const by = (operation: Operation): Operation =>
    onlyOwner === undefined || operation.kind === 'open' || operation.kind === 'expire' || 'from' in operation
      ? operation
      : { ...operation, onlyOwner };
  return wishes.map(({ operation, pick }) => ({ operation: by(operation), pick }));
}

export function exactly(operation: Operation): Wish {
  return { operation, pick: null };
}

/**
 * Resolves a wish to an operation, given the state of the model. `reversible`: the last seq that may be reversed, since finding an
 * in-flight posting depends on timing: its seq is not known yet.
 */
export function granted(wish: Wish, model: Model, reversible: number): Operation {
  const operation = pickedFor(wish, model, reversible);
  if ('ends' in operation && operation.ends > reversible) return { ...operation, ends: 99_999, key: endKey(99_999) };
  return operation.kind === 'reversal' && operation.reverses > reversible ? { ...operation, reverses: 99_999 } : operation;
}

function pickedFor({ operation, pick }: Wish, model: Model, reversible: number): Operation {
  if (pick === null) return operation;
  if (operation.kind === 'capture' || operation.kind === 'release' || operation.kind === 'expire') {
    const hold = model.holds.at(-1 - (pick % Math.max(1, model.holds.length)));
    return hold ? { ...operation, hold: hold.seq, wallet: hold.wallet } : operation;
  }
  if ('ends' in operation) {
    const begun = model.log.filter(({ kind, refusal, seq }) => kind === 'transfer_debit' && refusal === null && seq <= reversible);
    const one = begun.at(-1 - (pick % Math.max(1, begun.length)));
    return one?.debit ? { ...operation, ends: one.seq, key: endKey(one.seq), from: one.debit.name, asset: one.asset ?? 1 } : operation;
  }
  if (operation.kind !== 'reversal') return operation;
  const postings = model.log.filter(({ seq, refusal, scope }) => refusal === null && scope !== null && seq <= reversible);
  const posting = postings.at(-1 - (pick % Math.max(1, postings.length)));
  const initiator = model.accounts.find(({ number }) => number === posting?.scope);
  return posting && initiator ? { ...operation, reverses: posting.seq, initiator: initiator.name } : operation;
}

function endKey(seq: number): string {
  return `\u0001end/${seq}`;
}
