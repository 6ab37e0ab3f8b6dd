/**
 * The reference: a second ledger, in memory, as naive as possible, written from what the product promises and not from its code.
 * It imports only the types of operations. Every answer of the real ledger is compared with it.
 */
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { askedAsset, concernedBy, contentOf, initiatorName } from './model-content.ts';
import { control } from './model-controls.ts';
import { capture, dueOf, expire, hold, release } from './model-holds.ts';
import { credited, debited, ended, transitOf } from './model-sagas.ts';
import { moving } from './model-transfers.ts';
import { World, keyspaceOf, metadataOf, no, retiredAsset } from './model-world.ts';
import type { ModelAccount, ModelEntry, ModelHold, ModelRefusal } from './model-world.ts';

export type { ModelAccount, ModelEntry, ModelHold, ModelRefusal, ModelSide } from './model-world.ts';

export type ModelAnswer = {
  status: 'posted' | 'refused';
  replayed: boolean;
  seq: number;
  entry: ModelEntry | null;
  refusal: ModelRefusal | null;
};

export class Model {
  #world: World;

  /** `keeps`: the wallets of this book; all when absent. */
  constructor(assets: readonly number[], keeps: (wallet: string) => boolean = () => true, book = 1) {
    this.#world = new World(assets, keeps, book);
  }

  /** For a dry run. */
  copy(): Model {
    const model = new Model([]);
    model.#world = this.#world.copy();
    return model;
  }

  get log(): readonly ModelEntry[] {
    return this.#world.log;
  }

  get accounts(): readonly ModelAccount[] {
    return this.#world.accounts;
  }

  get holds(): readonly ModelHold[] {
    return this.#world.holds;
  }

  account(name: string): ModelAccount | undefined {
    return this.#world.account(name);
  }

  /** What a reader sees as held, and as the version: as after the expiry entries of holds that have expired. */
  seenAt(name: string, now: Date): { held: bigint; version: number } {
    const due = dueOf(this.#world, name, now);
    const held = this.#world.held(name) - due.reduce((sum, { left }) => sum + left, 0n);
    return { held, version: (this.#world.account(name)?.version ?? 0) + due.length };
  }

  /** `now`: the time at which the ledger recorded it. */
  post(operation: Operation, now: Date): ModelAnswer {
    this.#giveBack([operation], now);
    return this.#postOne(operation, now);
  }

  /** All or nothing: the first refusal undoes everything, and each operation is refused. */
  postLinked(operations: readonly Operation[], now: Date): ModelAnswer[] {
    this.#giveBack(operations, now);
    if (operations.length === 1) return operations.map((operation) => this.#postOne(operation, now));
    const before = this.#world.copy();
    const answers: ModelAnswer[] = [];
    for (const operation of operations) {
      const answer = this.#postOne(operation, now);
      if (answer.refusal) {
        this.#world = before;
        return this.#refuseAll(operations, answers.length, answer.refusal, now);
      }
      answers.push(answer);
    }
    return answers;
  }

  /** Before anything is decided, the wallets that the operations concern get back what their expired holds reserve. */
  #giveBack(operations: readonly Operation[], now: Date): void {
    for (const operation of operations) {
      for (const wallet of operation.kind === 'expire' ? [] : concernedBy(operation, this.#world)) {
        for (const { seq } of dueOf(this.#world, wallet, now)) {
          const expiry: Operation = { kind: 'expire', key: null, wallet, hold: seq, actor: 'coffer' };
          this.#isAsked(expiry);
          expire(this.#world, expiry, now);
        }
      }
    }
  }

  /** The balance of an account after everything recorded up to a given time; undefined before its opening. */
  balanceAt(number: number, at: Date): { balance: bigint; held: bigint; version: number } | null {
    const sides = this.log.filter(({ recordedAt }) => recordedAt <= at).flatMap(({ debit, credit }) => [debit, credit]);
    const side = sides.findLast((one) => one?.number === number);
    return side ? { balance: side.balance, held: side.held, version: side.version } : null;
  }

  /** Of holds that had expired by a time and were not released yet: what was left of them, and how many there were. */
  expiredAt(number: number, at: Date): { left: bigint; count: number } {
    const log = this.log.filter(({ recordedAt }) => recordedAt <= at);
    const due = log.filter(
      ({ kind, debit, refusal, expiresAt }) =>
        kind === 'hold' && refusal === null && debit?.number === number && expiresAt !== null && expiresAt <= at,
    );
    const lefts = due.map(({ seq }) => log.findLast(({ hold }) => hold === seq)?.holdLeft ?? 0n).filter((left) => left > 0n);
    return { left: lefts.reduce((sum, left) => sum + left, 0n), count: lefts.length };
  }

  /** The same by effective date. */
  effectiveBalanceAt(number: number, at: Date): bigint | null {
    const counting = this.log.filter(({ recordedAt, effectiveAt }) => (effectiveAt ?? recordedAt) <= at);
    const amounts = counting.flatMap(({ debit, credit, amount }) => {
      if (debit?.number === number) return [-(amount !== null && credit ? amount : 0n)];
      return credit?.number === number ? [amount ?? 0n] : [];
    });
    return amounts.length === 0 ? null : amounts.reduce((total, amount) => total + amount, 0n);
  }

  /** Whether this equals the recorded request under the key; undefined if the key is new, or the account belongs to another owner. */
  #earlier(operation: Operation): { answer: ModelAnswer; same: boolean } | undefined {
    const initiator = this.#world.initiator(operation);
    const earlier =
      initiator && operation.key !== null && this.#world.remembered.get(`${initiator.number} ${keyspaceOf(operation)} ${operation.key}`);
    if (!earlier || this.#isOwnedByOther(operation)) return undefined;
    const { entry } = earlier;
    const asset = askedAsset(operation);
    const sameAsset = asset === null || entry.asset === null || asset === entry.asset;
    const told = (content: object) => JSON.stringify({ ...content, asset: null });
    const same =
      entry.kind === operation.kind && told(earlier.content) === told(contentOf(operation)) && earlier.metadata === metadataOf(operation);
    const status = entry.refusal ? 'refused' : 'posted';
    return { answer: { status, replayed: true, seq: entry.seq, entry, refusal: entry.refusal }, same: same && sameAsset };
  }

  /** An implicitly opened wallet belongs to the owner it is opened for. */
  #isOwnedByOther(operation: Operation): boolean {
    if (!('onlyOwner' in operation) || operation.onlyOwner === undefined) return false;
    const initiator = this.#world.initiator(operation);
    if (initiator) return initiator.owner !== operation.onlyOwner;
    const refs = 'debit' in operation ? [operation.debit, operation.credit] : [];
    const own = refs.find((ref) => 'wallet' in ref && ref.wallet === initiatorName(operation));
    return !(own && 'wallet' in own && own.opens?.owner === operation.onlyOwner);
  }

  #refuseAll(operations: readonly Operation[], culprit: number, reason: ModelRefusal, now: Date): ModelAnswer[] {
    return operations.map((operation, at) => {
      const earlier = this.#earlier(operation);
      if (earlier?.same) return earlier.answer;
      const refusal = at === culprit ? reason : no('linked_operation_refused', { refused: culprit });
      const isEnd = operation.kind === 'transfer_complete' || operation.kind === 'transfer_return';
      return this.#refuse(operation, refusal, now, earlier === undefined && !isEnd && !this.#isOwnedByOther(operation));
    });
  }

  #postOne(operation: Operation, now: Date): ModelAnswer {
    this.#isAsked(operation);
    if (this.#isOwnedByOther(operation))
      return this.#refuse(operation, no('wallet_not_found', { wallet: initiatorName(operation) }), now, false);
    const earlier = this.#earlier(operation);
    if (earlier?.same) return earlier.answer;
    if (earlier) return this.#refuse(operation, no('idempotency_key_reused', { key: operation.key }), now, false);
    if (this.#isSelfApproved(operation)) return this.#refuse(operation, no('self_approval', { approver: operation.approver }), now, false);
    const done = this.#do(operation, now);
    if ('code' in done) {
      // A refused credit is recorded even without an account in transit; a request to the wrong book is not.
      const isMisplaced = 'from' in operation && (operation.kind !== 'transfer_credit' || done.code === 'other_book');
      return this.#refuse(operation, done, now, !isMisplaced, operation.kind === 'transfer_credit' && !isMisplaced);
    }
    if (operation.key !== null) this.#world.remember(operation, done);
    return { status: 'posted', replayed: false, seq: done.seq, entry: done, refusal: null };
  }

  #do(operation: Operation, now: Date): ModelRefusal | ModelEntry {
    const world = this.#world;
    switch (operation.kind) {
      case 'transfer_debit':
        return debited(world, operation, now);
      case 'transfer_credit':
        return credited(world, operation, now);
      case 'transfer_complete':
      case 'transfer_return':
        return ended(world, operation, now);
      case 'open':
        return open(world, operation, now);
      case 'hold':
        return hold(world, operation, now);
      case 'capture':
        return capture(world, operation, now);
      case 'release':
        return release(world, operation, now);
      case 'expire':
        return expire(world, operation, now);
      case 'freeze':
      case 'unfreeze':
      case 'close':
      case 'limit':
      case 'credit_line':
        return control(world, operation, now);
      default:
        return moving(world, operation, now);
    }
  }

  /** By the actor under any name, or by the owner of a wallet that the caller's request names. */
  #isSelfApproved(operation: Operation): boolean {
    const isStep = ['transfer_credit', 'transfer_complete', 'transfer_return'].includes(operation.kind);
    if (operation.approver === undefined || isStep) return false;
    const person = (named = '') => (/^(user|operator):/.test(named) ? named.slice(named.indexOf(':') + 1) : named);
    const second = person(operation.approver);
    const text = JSON.stringify(operation, (field, value: unknown) => (field === 'to' || typeof value === 'bigint' ? undefined : value));
    const owners = this.#world.accounts
      .filter(({ name, owner }) => owner !== null && text.includes(JSON.stringify(name)))
      .map(({ owner }) => owner);
    return second === person(operation.actor) || owners.includes(second) || text.includes(`"owner":"${second}"`);
  }

  #isAsked({ actor, approver }: Operation): void {
    this.#world.persons = { actor: actor ?? null, approver: approver ?? null };
  }

  /** Recorded with the request, unless it has no initiating account. */
  #refuse(operation: Operation, refusal: ModelRefusal, now: Date, remember: boolean, opens = false): ModelAnswer {
    const world = this.#world;
    this.#isAsked(operation);
    const opening = world.log.length;
    if (opens && operation.kind === 'transfer_credit') transitOf(world, operation, now);
    const initiator = world.initiator(operation);
    if (!initiator || !remember || operation.key === null)
      return { status: 'refused', replayed: false, seq: world.log.length, entry: null, refusal };
    const asset = askedAsset(operation);
    const details = { asked: { ...contentOf(operation), asset }, facts: refusal.facts };
    const saying = {
      kind: operation.kind,
      asset,
      scope: initiator.number,
      key: operation.key,
      metadata: metadataOf(operation),
      refusal,
      details,
    };
    const entry = world.write(now, saying, null, null);
    for (const opened of world.log.slice(opening)) opened.operation = entry.seq;
    world.remember(operation, entry);
    return { status: 'refused', replayed: false, seq: entry.seq, entry, refusal };
  }
}

function open(world: World, { wallet, opens, key }: Extract<Operation, { kind: 'open' }>, now: Date): ModelRefusal | ModelEntry {
  if (world.account(wallet)) return no('wallet_exists', { wallet });
  if (!world.keeps(wallet)) return no('other_book', { wallet });
  if (!world.assets.includes(opens.asset)) return no('asset_unknown', { asset: opens.asset });
  if (opens.asset === retiredAsset) return no('asset_retired', { asset: retiredAsset });
  const opened = world.open(wallet, 'wallet', opens);
  return world.write(now, { kind: 'open', asset: opens.asset, scope: opened.number, key }, null, opened);
}
