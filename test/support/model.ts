/**
 * The reference: a second ledger, in memory, as naive as possible, written from what the product promises and not from its code.
 * It imports nothing but the words in which operations are asked for. Whatever the real ledger answers is compared with it.
 */
import type { Operation, SystemKind, TransferKind, WalletSpec } from '../../server/ledger/index.ts';

export type ModelAccount = {
  number: number;
  name: string;
  kind: string;
  asset: number;
  owner: string | null;
  floor: bigint | null;
  balance: bigint;
  version: number;
};

export type ModelRefusal = { code: string; facts: Record<string, string> };
export type ModelSide = { number: number; name: string; balance: bigint; version: number };

/** A row of the model's log. */
export type ModelEntry = {
  seq: number;
  operation: number;
  kind: string;
  debit: ModelSide | null;
  credit: ModelSide | null;
  /** Of the accounts; of a refusal: the one asked for, if one was. */
  asset: number | null;
  amount: bigint | null;
  scope: number | null;
  key: string | null;
  metadata: string | null;
  refusal: ModelRefusal | null;
};

export type ModelAnswer = {
  status: 'posted' | 'refused';
  replayed: boolean;
  seq: number;
  entry: ModelEntry | null;
  refusal: ModelRefusal | null;
};

type Asked = { content: string; asset: number | undefined };
type Remembered = { asked: Asked; entry: ModelEntry; asset: number | null };

/** Who asks, kind by kind: the wallet that initiates an operation owns its idempotency keys. */
const asks: Record<TransferKind, 'from' | 'to'> = {
  deposit: 'to',
  topup: 'to',
  issue: 'to',
  withdrawal: 'from',
  spend: 'from',
  transfer: 'from',
};

/** Money comes in and goes out without limit; everything else gives only what it has. */
const unbounded: readonly SystemKind[] = ['issuance', 'cash_in', 'cash_out'];

const thirtyEightNines = 99999999999999999999999999999999999999n;
/** System accounts face all wallets at once and have room for fifty digits. */
const fiftyNines = 99999999999999999999999999999999999999999999999999n;

type World = { accounts: ModelAccount[]; log: ModelEntry[]; remembered: Map<string, Remembered> };
type TransferAsked = Exclude<Operation, { kind: 'open' }>;
type Ref = TransferAsked['debit'];

export class Model {
  readonly #assets: readonly number[];
  #world: World = { accounts: [], log: [], remembered: new Map() };

  constructor(assets: readonly number[]) {
    this.#assets = assets;
  }

  get log(): readonly ModelEntry[] {
    return this.#world.log;
  }

  get accounts(): readonly ModelAccount[] {
    return this.#world.accounts;
  }

  account(name: string): ModelAccount | undefined {
    return this.#world.accounts.find((account) => account.name === name);
  }

  post(operation: Operation): ModelAnswer {
    return this.#postOne(operation);
  }

  /** All or none: on the first refusal everything is as before, and each operation is refused. */
  postLinked(operations: readonly Operation[]): ModelAnswer[] {
    if (operations.length === 1) return operations.map((operation) => this.#postOne(operation));
    const before = copy(this.#world);
    const answers: ModelAnswer[] = [];
    for (const operation of operations) {
      const answer = this.#postOne(operation);
      if (answer.refusal) {
        this.#world = before;
        return this.#refuseAll(operations, answers.length, answer.refusal);
      }
      answers.push(answer);
    }
    return answers;
  }

  /** Is this what the account was asked before under this key? Nothing if the key is new. */
  #earlier(operation: Operation): { answer: ModelAnswer; same: boolean } | undefined {
    const initiator = this.account(initiatorName(operation));
    const earlier = initiator && this.#world.remembered.get(`${initiator.number} ${operation.key}`);
    if (!earlier) return undefined;
    const now = describe(operation);
    const sameAsset = now.asset === undefined || earlier.asset === null || now.asset === earlier.asset;
    const { entry } = earlier;
    const answer: ModelAnswer = {
      status: entry.refusal ? 'refused' : 'posted',
      replayed: true,
      seq: entry.seq,
      entry,
      refusal: entry.refusal,
    };
    return { answer, same: earlier.asked.content === now.content && sameAsset };
  }

  #refuseAll(operations: readonly Operation[], culprit: number, reason: ModelRefusal): ModelAnswer[] {
    return operations.map((operation, at) => {
      const earlier = this.#earlier(operation);
      if (earlier?.same) return earlier.answer;
      const refusal = at === culprit ? reason : { code: 'linked_operation_refused', facts: { refused: String(culprit) } };
      return this.#refuse(operation, refusal, earlier === undefined);
    });
  }

  #postOne(operation: Operation): ModelAnswer {
    const earlier = this.#earlier(operation);
    if (earlier?.same) return earlier.answer;
    if (earlier) return this.#refuse(operation, { code: 'idempotency_key_reused', facts: { key: operation.key } }, false);
    return operation.kind === 'open' ? this.#open(operation) : this.#transfer(operation);
  }

  #open(operation: Extract<Operation, { kind: 'open' }>): ModelAnswer {
    const { wallet, opens } = operation;
    if (this.account(wallet)) return this.#refuse(operation, { code: 'wallet_exists', facts: { wallet } });
    if (!this.#assets.includes(opens.asset))
      return this.#refuse(operation, { code: 'asset_unknown', facts: { asset: String(opens.asset) } });
    const account = this.#newWallet(wallet, opens);
    const entry = this.#write({ kind: 'open', credit: sideOf(account), asset: opens.asset, scope: account.number, key: operation.key });
    return this.#remember(operation, entry, opens.asset);
  }

  #transfer(operation: TransferAsked): ModelAnswer {
    const { amount, debit, credit } = operation;
    const no = (code: string, facts: Record<string, string>) => this.#refuse(operation, { code, facts });

    if (amount <= 0n || amount > thirtyEightNines) return no('amount_invalid', { amount: String(amount) });
    if (refName(debit) === refName(credit)) return no('same_wallet', { wallet: refName(debit) });

    const initiatorRef = asks[operation.kind] === 'from' ? debit : credit;
    const asset = operation.asset ?? this.#assetOf(debit) ?? this.#assetOf(credit);
    if (asset === undefined) return no('wallet_not_found', { wallet: refName(initiatorRef) });
    if (!this.#assets.includes(asset)) return no('asset_unknown', { asset: String(asset) });
    for (const ref of [debit, credit]) {
      const exists = 'system' in ref || this.account(ref.wallet) !== undefined || ref.opens !== undefined;
      if (!exists) return no(ref === initiatorRef ? 'wallet_not_found' : 'recipient_not_found', { wallet: refName(ref) });
    }
    for (const ref of [debit, credit]) {
      const itsAsset: number = this.#assetOf(ref) ?? asset;
      if (itsAsset !== asset) return no('asset_mismatch', { wallet: refName(ref), walletAsset: String(itsAsset), asset: String(asset) });
    }
    const version = this.account(initiatorName(operation))?.version ?? 0;
    if (operation.expectedVersion !== undefined && operation.expectedVersion !== version) {
      return no('version_stale', { expectedVersion: String(operation.expectedVersion), currentVersion: String(version) });
    }
    const available = this.#available(debit, asset);
    if (available !== null && amount > available) {
      return no('insufficient_funds', { wallet: accountName(debit, asset), available: String(available), requested: String(amount) });
    }
    const poorest = (this.account(accountName(debit, asset))?.balance ?? 0n) - amount;
    if (poorest < -('system' in debit ? fiftyNines : thirtyEightNines)) return no('balance_limit', { wallet: accountName(debit, asset) });
    const richest = (this.account(accountName(credit, asset))?.balance ?? 0n) + amount;
    if (richest > ('system' in credit ? fiftyNines : thirtyEightNines)) return no('balance_limit', { wallet: accountName(credit, asset) });

    return this.#move(operation, asset, amount);
  }

  #move(operation: TransferAsked, asset: number, amount: bigint): ModelAnswer {
    const { log } = this.#world;
    const firstOpening = log.length;
    const [from, to] = [operation.debit, operation.credit].map(
      (ref) => this.account(accountName(ref, asset)) ?? this.#openOnTheWay(ref, asset),
    ) as [ModelAccount, ModelAccount];
    from.balance -= amount;
    from.version += 1;
    to.balance += amount;
    to.version += 1;
    const scope = asks[operation.kind] === 'from' ? from.number : to.number;
    const entry = this.#write({
      kind: operation.kind,
      debit: sideOf(from),
      credit: sideOf(to),
      asset,
      amount,
      scope,
      key: operation.key,
      metadata: operation.metadata ?? null,
    });
    for (const opening of log.slice(firstOpening)) opening.operation = entry.seq;
    return this.#remember(operation, entry, asset);
  }

  #openOnTheWay(ref: Ref, asset: number): ModelAccount {
    let account: ModelAccount;
    if ('wallet' in ref) account = this.#newWallet(ref.wallet, ref.opens ?? { owner: null, asset, floor: 0n });
    else
      account = this.#newAccount(`$${ref.system}/${asset}`, ref.system, {
        owner: null,
        asset,
        floor: unbounded.includes(ref.system) ? null : 0n,
      });
    this.#write({ kind: 'open', credit: sideOf(account), asset });
    return account;
  }

  #newWallet(name: string, { owner, asset, floor }: WalletSpec): ModelAccount {
    return this.#newAccount(name, 'wallet', { owner, asset, floor });
  }

  #newAccount(name: string, kind: string, spec: { owner: string | null; asset: number; floor: bigint | null }): ModelAccount {
    const account = { number: this.#world.accounts.length + 1, name, kind, ...spec, balance: 0n, version: 0 };
    this.#world.accounts.push(account);
    return account;
  }

  /** What a debit may take; null: as much as it likes. */
  #available(ref: Ref, asset: number): bigint | null {
    const account = this.account(accountName(ref, asset));
    if (account) return account.floor === null ? null : account.balance - account.floor;
    if ('wallet' in ref) return -(ref.opens?.floor ?? 0n);
    return unbounded.includes(ref.system) ? null : 0n;
  }

  #assetOf(ref: Ref): number | undefined {
    if (!('wallet' in ref)) return undefined;
    return this.account(ref.wallet)?.asset ?? ref.opens?.asset;
  }

  #refuse(operation: Operation, refusal: ModelRefusal, remember = true): ModelAnswer {
    const initiator = this.account(initiatorName(operation));
    if (!initiator || !remember) return { status: 'refused', replayed: false, seq: this.#world.log.length, entry: null, refusal };
    const metadata = operation.kind === 'open' ? null : (operation.metadata ?? null);
    const asset = operation.kind === 'open' ? operation.opens.asset : (operation.asset ?? null);
    const entry = this.#write({ kind: operation.kind, asset, scope: initiator.number, key: operation.key, metadata, refusal });
    return this.#remember(operation, entry, asset);
  }

  #write(what: Partial<ModelEntry> & { kind: string }): ModelEntry {
    const seq = this.#world.log.length + 1;
    const blank = { debit: null, credit: null, asset: null, amount: null, scope: null, key: null, metadata: null, refusal: null };
    const entry: ModelEntry = { ...blank, seq, operation: seq, ...what };
    this.#world.log.push(entry);
    return entry;
  }

  #remember(operation: Operation, entry: ModelEntry, asset: number | null): ModelAnswer {
    this.#world.remembered.set(`${entry.scope} ${operation.key}`, { asked: describe(operation), entry, asset });
    return { status: entry.refusal ? 'refused' : 'posted', replayed: false, seq: entry.seq, entry, refusal: entry.refusal };
  }
}

function initiatorName(operation: Operation): string {
  if (operation.kind === 'open') return operation.wallet;
  return accountName(asks[operation.kind] === 'from' ? operation.debit : operation.credit, operation.asset ?? 0);
}

function accountName(ref: Ref, asset: number): string {
  return 'wallet' in ref ? ref.wallet : `$${ref.system}/${asset}`;
}

function refName(ref: Ref): string {
  return 'wallet' in ref ? ref.wallet : ref.system;
}

/** What counts as the same request: everything but the asset, which most callers leave out, and preconditions. */
function describe(operation: Operation): Asked {
  if (operation.kind === 'open') {
    const { owner, asset, floor } = operation.opens;
    return { content: JSON.stringify(['open', operation.wallet, owner, asset, String(floor)]), asset };
  }
  const { kind, debit, credit, amount, metadata = null, asset } = operation;
  const names = [debit, credit].map((ref) => ('wallet' in ref ? `wallet ${ref.wallet}` : `system ${ref.system}`));
  return { content: JSON.stringify([kind, ...names, String(amount), metadata]), asset };
}

function sideOf({ number, name, balance, version }: ModelAccount): ModelSide {
  return { number, name, balance, version };
}

function copy(world: World): World {
  return {
    accounts: world.accounts.map((account) => ({ ...account })),
    log: [...world.log],
    remembered: new Map(world.remembered),
  };
}
