/** What can be asked about wallets. */
import { operationId, placeOfOperationId } from '../ledger/index.ts';
import type { Asset, Balance, EntryKind, HoldRead, Ledger, LedgerEvent, RecordedEntry } from '../ledger/index.ts';
import { entryOfOperation } from './operations.ts';
import { ownedWalletId } from './wallet-id.ts';

/** A wallet as of one moment of the log. */
export type Wallet = Balance & { readonly currency: Asset };

/** A page, newest first or in order; `next` begins the following one and is null on the last. */
export type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/** What a wallet did since its opening, in minor units of its asset. */
export type WalletStats = {
  readonly wallet: Wallet;
  readonly deposited: bigint;
  readonly withdrawn: bigint;
  readonly toppedUp: bigint;
  readonly spent: bigint;
  readonly issued: bigint;
  readonly transferredIn: bigint;
  readonly transferredOut: bigint;
  readonly capturedIn: bigint;
  readonly capturedOut: bigint;
  readonly reversedIn: bigint;
  readonly reversedOut: bigint;
  readonly sweptIn: bigint;
  readonly sweptOut: bigint;
  readonly postings: number;
  readonly lastActivityAt: Date | null;
};

/** What a hold is now, with the entry that authorised it. */
export type WalletHold = HoldRead & { readonly currency: Asset };

/** What a wallet stood at at a moment. By effective date there is only a balance. */
export type PastWallet = { readonly balance: bigint; readonly held: bigint | null; readonly version: number | null };

/** An operation with what was reversed of it, if anything. */
export type OperationRead = { readonly entry: RecordedEntry; readonly reversals: readonly RecordedEntry[] };

/** What operators and the clock did is no activity of the wallet's. */
const quietKinds: ReadonlySet<EntryKind> = new Set<EntryKind>(['freeze', 'unfreeze', 'close', 'limit', 'credit_line', 'expire']);

/** How far a caller's sight reaches: of what is not this owner's, there is nothing to be seen. Absent: everything. */
export type Reach = { readonly onlyOwner?: string | undefined };

export class WalletQueries {
  readonly #ledger: Ledger;
  readonly #defaultAsset: Asset;

  constructor(ledger: Ledger, defaultAsset: Asset) {
    this.#ledger = ledger;
    this.#defaultAsset = defaultAsset;
  }

  /** Null when there is no such wallet; a system account is no wallet. */
  async wallet(id: string, { onlyOwner }: Reach = {}): Promise<Wallet | null> {
    const balance = await this.#ledger.read.balance(id, onlyOwner);
    return balance?.kind === 'wallet' ? this.#withAsset(balance) : null;
  }

  /** The owner's wallet in an asset, by default the default one. */
  async walletOf(owner: string, assetCode: string = this.#defaultAsset.code): Promise<Wallet | null> {
    return await this.wallet(ownedWalletId(owner, assetCode));
  }

  /** The owner's wallets in the order of their assets. `cursor`: a `next` of an earlier page. */
  async walletsOf(owner: string, limit: number, cursor?: string): Promise<Page<Wallet>> {
    const rows = await this.#ledger.read.balancesOf(owner, cursor === undefined ? 0 : Number(cursor), limit + 1);
    const items = rows.slice(0, limit).map((balance) => this.#withAsset(balance));
    return { items, next: rows.length > limit ? String(items.at(-1)?.asset) : null };
  }

  /** A wallet's postings, newest first. `cursor`: a `next` of an earlier page. */
  async history(wallet: Wallet, limit: number, cursor?: string): Promise<Page<RecordedEntry>> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    const rows = await this.#ledger.read.in(wallet).history(wallet.number, before, limit + 1);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const side = last?.debit?.number === wallet.number ? last.debit : last?.credit;
    return { items, next: rows.length > limit ? String(side?.version) : null };
  }

  async stats(id: string, reach: Reach = {}): Promise<WalletStats | null> {
    const wallet = await this.wallet(id, reach);
    if (!wallet) return null;
    const totals = await this.#ledger.read.in(wallet).totals(wallet.number);
    const active = totals.filter(({ kind }) => !quietKinds.has(kind));
    const total = (kind: EntryKind, side: 'debit' | 'credit') => totals.find((row) => row.kind === kind && row.side === side)?.total ?? 0n;
    return {
      wallet,
      deposited: total('deposit', 'credit'),
      withdrawn: total('withdrawal', 'debit'),
      toppedUp: total('topup', 'credit'),
      spent: total('spend', 'debit'),
      issued: total('issue', 'credit'),
      transferredIn: total('transfer', 'credit'),
      transferredOut: total('transfer', 'debit'),
      capturedIn: total('capture', 'credit'),
      capturedOut: total('capture', 'debit'),
      reversedIn: total('reversal', 'credit'),
      reversedOut: total('reversal', 'debit'),
      sweptIn: total('close', 'credit'),
      sweptOut: total('close', 'debit'),
      postings: totals.reduce((sum, row) => sum + row.count, 0),
      lastActivityAt: active.reduce<Date | null>((latest, row) => (latest && latest > row.lastAt ? latest : row.lastAt), null),
    };
  }

  /** An operation, posted or refused, by the id that its answer carried. */
  async operation(id: string, { onlyOwner }: Reach = {}): Promise<OperationRead | null> {
    const entry = await entryOfOperation(this.#ledger, id, onlyOwner);
    return entry && (await this.#withReversals(entry));
  }

  /** What became of a request whose answer was lost: by the wallet that initiated it and its idempotency key. */
  async operationByKey(wallet: Wallet, key: string): Promise<OperationRead | null> {
    const entry = await this.#ledger.read.in(wallet).entryByKey(wallet.number, key);
    return entry && (await this.#withReversals(entry));
  }

  /** A hold, by the id of the operation that authorised it, with everything that became of it, in order. */
  async hold(id: string, { onlyOwner }: Reach = {}): Promise<(WalletHold & { readonly entries: readonly RecordedEntry[] }) | null> {
    const place = placeOfOperationId(id);
    const book = place && this.#ledger.read.book(place.book);
    const hold = book && (await book.hold(place.seq, onlyOwner));
    if (!hold) return null;
    const entries = (await book.entriesOfHold(place.seq)).filter((entry) => entry.holdLeft !== null && entry.holdLeft >= hold.hold.left);
    return { ...this.#withCurrency(hold), entries };
  }

  /** A wallet's holds, newest first. `cursor`: a `next` of an earlier page. */
  async holds(
    wallet: Wallet,
    asked: { readonly limit: number; readonly cursor?: string | undefined; readonly open: boolean },
  ): Promise<Page<WalletHold>> {
    const { limit, cursor, open } = asked;
    const beforeSeq = (cursor === undefined ? null : placeOfOperationId(cursor))?.seq ?? Number.MAX_SAFE_INTEGER;
    const rows = await this.#ledger.read.in(wallet).holdsOf(wallet.number, { beforeSeq, limit: limit + 1, open });
    const items = rows.slice(0, limit).map((hold) => this.#withCurrency(hold));
    const last = items.at(-1);
    return { items, next: last && rows.length > limit ? operationId(last.entry) : null };
  }

  /** What a wallet stood at at a moment, by when things were recorded or by when they count. Null when it was not open yet. */
  async balanceAt(wallet: Wallet, at: Date, by: 'recorded' | 'effective'): Promise<PastWallet | null> {
    if (by === 'recorded') return await this.#ledger.read.in(wallet).balanceAt(wallet.number, at);
    const balance = await this.#ledger.read.in(wallet).effectiveBalanceAt(wallet.number, at);
    return balance === null ? null : { balance, held: null, version: null };
  }

  /** Events of the log in order, after a place: `seq-part` of each book. */
  async events(limit: number, cursor?: string): Promise<Page<LedgerEvent>> {
    const { events, next } = await this.#ledger.read.events(cursor, limit);
    return { items: events, next };
  }

  async #withReversals(entry: RecordedEntry): Promise<OperationRead> {
    const isPosting = entry.debit !== null && entry.credit !== null;
    return { entry, reversals: isPosting ? await this.#ledger.read.in(entry).reversalsOf(entry.seq) : [] };
  }

  #withCurrency(hold: HoldRead): WalletHold {
    return { ...hold, currency: this.#ledger.assets.get(hold.entry.asset ?? 0) };
  }

  #withAsset(balance: Balance): Wallet {
    return { ...balance, currency: this.#ledger.assets.get(balance.asset) };
  }
}
