/**
 * Maker and checker: one gate for every operation and transport. An operation that meets an approval policy is not posted: it is filed,
 * waits for a second person, and is posted under its maker's key once approved (approvals/).
 */
import { isStaff } from '../identity/index.ts';
import type { Principal } from '../identity/index.ts';
import { bookOfWallet, initiatorId, maximumAmount, outcomeOf } from '../ledger/index.ts';
import type { Ledger, Operation } from '../ledger/index.ts';
import { isReservedForOwner } from '../wallets/index.ts';
import { concerns, isMet } from './approval-policy.ts';
import type { ApprovalPolicy, MakerKind } from './approval-policy.ts';
import type { Definition } from './definition.ts';
import type { Prepared } from './outcome.ts';
import { leaves } from './outward.ts';
import { textOfRequest } from './stored-request.ts';
import type { Terms } from './terms.ts';
import { isOnRecord, namedWallets, walletsOf } from './touched.ts';

/** `pending` → `approved` → `done`, or `failed` when the ledger refuses it then; or `rejected`, `cancelled`, `expired`. */
export const approvalStates = ['pending', 'approved', 'rejected', 'cancelled', 'expired', 'done', 'failed'] as const;
export type ApprovalState = (typeof approvalStates)[number];

/**
 * An operation to be filed. `name`: the initiating account and the key. `later`: asked for asynchronously. `digestWith`: the digest of the
 * same operation with its metadata in another form.
 */
export type NewApproval = {
  readonly operation: string;
  readonly name: string;
  readonly digest: string;
  readonly digestWith: (metadata: string) => string;
  readonly input: string;
  readonly maker: string;
  readonly person: string | null;
  readonly wallets: readonly string[];
  readonly amount: bigint | null;
  readonly asset: number | null;
  readonly policy: string;
  readonly later: boolean;
};

/** What the gate needs; the context of approvals provides it. */
export type Approvals = {
  /** Mostly answered from memory. */
  policies(): readonly ApprovalPolicy[] | Promise<readonly ApprovalPolicy[]>;
  /** The person behind an actor: a user's id, or null where none is known. */
  personOf(actor: string): string | null | Promise<string | null>;
  /** Files it once per name; `isSame`: it has the content of the one that was filed first. */
  file(wanted: NewApproval): Promise<{ readonly id: string; readonly state: ApprovalState; readonly isSame: boolean }>;
};

export type ApprovalGate = {
  readonly ledger: Ledger;
  /** Absent: no operation needs a second person. */
  readonly approvals: Approvals | undefined;
  readonly isPayoutDecided: boolean;
};

/** `linked`: in an all-or-nothing group, of which no part can wait. `later`: asynchronous. */
export type Manner = { readonly linked?: boolean; readonly later?: boolean };

/** The prepared operation, or its refusal as `approval_required` or `approval_closed`. An outcome on record is answered as always. */
export function checked(
  gate: ApprovalGate,
  definition: Definition,
  request: Terms,
  prepared: Prepared,
  manner: Manner,
): Prepared | Promise<Prepared> {
  const { approvals } = gate;
  const { maker, approver, onlyOwner } = request;
  if (!approvals || !maker || 'refusal' in prepared || approver !== undefined || onlyOwner !== undefined) return prepared;
  const kind = kindOf(maker);
  if (kind === null) return prepared;
  const { key, operation } = prepared;
  const judged = (policies: readonly ApprovalPolicy[]) => {
    const mine = policies.filter((policy) => concerns(policy, definition.name, kind));
    return mine.length === 0 ? prepared : judge(gate, approvals, { definition, request, key, operation, mine, manner });
  };
  const policies = approvals.policies();
  return policies instanceof Promise ? policies.then(judged) : judged(policies);
}

function kindOf(maker: Principal): MakerKind | null {
  if (maker.kind === 'service') return 'key';
  return isStaff(maker) ? maker.kind : null;
}

type Asked = {
  readonly definition: Definition;
  readonly request: Terms;
  readonly key: string;
  readonly operation: Operation;
  readonly mine: readonly ApprovalPolicy[];
  readonly manner: Manner;
};

function judge(gate: ApprovalGate, approvals: Approvals, asked: Asked): Prepared | Promise<Prepared> {
  const { key, operation, mine, request } = asked;
  const person = approvals.personOf(request.actor ?? '');
  // A key that no person created, under the default policy only: nothing to read. This is the path of busy services.
  const isEasy = operation.kind !== 'reversal' && mine.every(({ wallets }) => wallets === 'own');
  if (isEasy && !(person instanceof Promise) && !isAbout(namedWallets(operation), person)) return { key, operation };
  return judgeAll(gate, approvals, asked);
}

async function judgeAll(gate: ApprovalGate, approvals: Approvals, asked: Asked): Promise<Prepared> {
  const { definition, request, key, operation, mine, manner } = asked;
  const { ledger } = gate;
  const prepared = { key, operation };
  const person = await approvals.personOf(request.actor ?? '');
  const wallets = await walletsOf(ledger, operation);
  const isOwn = isAbout(wallets, person) && !isOwnersRight(gate, asked, person);
  const [amount, asset] = [await amountOf(ledger, operation), await assetOf(ledger, operation, wallets)];
  const policy = mine.find((one) => isMet(one, { amount, asset, isOwn }));
  if (!policy || (await isOnRecord(ledger, key, operation))) return prepared;
  if (manner.linked) return { key, refusal: { code: 'approval_required', facts: {} } };
  const { name, digest } = outcomeOf(operation);
  const filed = await approvals.file({
    operation: definition.name,
    name: placed(name ?? key, operation),
    digest,
    digestWith: (metadata) => outcomeOf({ ...operation, metadata } as Operation).digest,
    input: textOfRequest({ ...request, key }),
    maker: request.actor ?? '',
    person,
    wallets,
    amount,
    asset: asset ?? null,
    policy: policy.id,
    later: manner.later === true,
  });
  if (!filed.isSame) return { key, refusal: { code: 'idempotency_key_reused', facts: { key } } };
  // The ledger, or the asynchronous request, has the outcome.
  if (filed.state === 'done') return prepared;
  const facts = { approvalId: filed.id, approvalState: filed.state };
  return {
    key,
    refusal: { code: filed.state === 'pending' || filed.state === 'approved' ? 'approval_required' : 'approval_closed', facts },
  };
}

/** The same key may be used in each book's treasury. */
function placed(name: string, operation: Operation): string {
  return 'book' in operation && operation.book !== undefined ? `${operation.book}:${name}` : name;
}

/** Owned wallets have ids that begin with their owner. */
export function ownersAmong(wallets: readonly string[]): string[] {
  return wallets.filter(isReservedForOwner).map((id) => id.slice(0, id.indexOf('.')).toLowerCase());
}

function isAbout(wallets: readonly string[], person: string | null): boolean {
  return person !== null && ownersAmong(wallets).includes(person);
}

/** Whether the person does what any user may do with a wallet: no date, no credit, and no way around a payout decision. */
function isOwnersRight(
  { isPayoutDecided }: ApprovalGate,
  { definition, request, key, operation, manner }: Asked,
  person: string | null,
): boolean {
  if (definition.access.user !== 'own' || !isAbout([initiatorId(operation)], person)) return false;
  if ('effectiveAt' in operation && operation.effectiveAt) return false;
  if (operation.kind === 'open' && operation.opens.floor !== 0n) return false;
  // What is asked for asynchronously waits for the payout decision in any case.
  const isDirect = isPayoutDecided && request.clearance === 'direct' && manner.later !== true;
  return !(isDirect && leaves({ key, operation }));
}

/** The most that it moves, reserves or grants; null if it has no amount. An omitted limit counts as unlimited. */
async function amountOf(ledger: Ledger, operation: Operation): Promise<bigint | null> {
  switch (operation.kind) {
    case 'open':
      return -operation.opens.floor;
    case 'credit_line':
      return -operation.floor;
    case 'limit': {
      const { perTransfer, perDay, perMonth } = operation.limits ?? { perTransfer: null, perDay: null, perMonth: null };
      return [perTransfer, perDay, perMonth].reduce<bigint>((most, one) => larger(most, one ?? maximumAmount), 0n);
    }
    case 'close':
      return operation.sweepTo ? ((await ledger.read.balance(operation.wallet))?.balance ?? 0n) : null;
    case 'capture':
    case 'release': {
      const found = await bookOf(ledger, operation.wallet).hold(operation.hold);
      return smaller(operation.amount, found?.hold.left ?? operation.amount);
    }
    case 'reversal': {
      const original = await bookOf(ledger, operation.initiator).entry(operation.reverses);
      return smaller(operation.amount, original?.amount ?? operation.amount);
    }
    default:
      return 'amount' in operation ? operation.amount : null;
  }
}

function bookOf(ledger: Ledger, wallet: string) {
  return ledger.read.in({ book: bookOfWallet(wallet, ledger.books.length) });
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

async function assetOf(ledger: Ledger, operation: Operation, wallets: readonly string[]): Promise<number | undefined> {
  if ('asset' in operation && operation.asset !== undefined) return operation.asset;
  for (const wallet of wallets) {
    const balance = await ledger.read.balance(wallet);
    if (balance) return balance.asset;
  }
  if (operation.kind === 'open') return operation.opens.asset;
  return 'credit' in operation && 'opens' in operation.credit ? operation.credit.opens?.asset : undefined;
}
