/** Queries about wallets. */
import type { PageCache } from '../cache/index.ts';
import { assert } from '../kernel/index.ts';
import { bookOfWallet, operationId, parseOperationId, sagaDetails } from '../ledger/index.ts';
import type { Asset, Balance, Closing, HoldRead, Keyspace, LedgerEvent, ReadableLedger, RecordedEntry } from '../ledger/index.ts';
import { openedEntries, openedEntry, openedEvents, plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import { filteredHistory, versionIn } from './history.ts';
import type { HistoryFilter } from './history.ts';
import { entryOfOperation } from './operation-entry.ts';
import { stateOf } from './sagas/drive.ts';
import type { SagaState } from './sagas/drive.ts';
import { nothingStored, withNewer } from './stats.ts';
import type { TotalsStore, WalletTotals } from './stats.ts';
import { ownedWalletId } from './wallet-id.ts';

/** A wallet as of one moment of the log. */
export type Wallet = Balance & { readonly currency: Asset };

/** A page, newest first or in order; `next` begins the following one and is null on the last. */
export type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/** A wallet's totals since its opening, as of the moment of `wallet`. */
export type WalletStats = WalletTotals & { readonly wallet: Wallet };

/** The current state of a hold, with the entry that authorised it. */
export type WalletHold = HoldRead & { readonly currency: Asset };

/** A wallet's balance at a moment. By effective date there is only a balance. */
export type PastWallet = { readonly balance: bigint; readonly held: bigint | null; readonly version: number | null };

/** An operation with its reversals, if any; for a transfer by saga its first step and its progress. */
export type OperationRead = { readonly entry: RecordedEntry; readonly reversals: readonly RecordedEntry[]; readonly saga?: SagaState };

export type QueryOptions = {
  readonly totals?: TotalsStore | undefined;
  /** May keep the newest page of a wallet's history; metadata stays encrypted there. */
  readonly pages?: PageCache | null | undefined;
  readonly metadata?: MetadataVault | undefined;
};

/** The reader. `onlyOwner`: the user whose own wallets alone are visible; absent for staff, services, and in open mode. */
export type Reader = { readonly onlyOwner?: string | undefined };

export class WalletQueries {
  readonly #ledger: ReadableLedger;
  readonly #defaultAsset: Asset;
  readonly #totals: TotalsStore | undefined;
  readonly #pages: PageCache | null;
  readonly #metadata: MetadataVault;

  constructor(ledger: ReadableLedger, defaultAsset: Asset, { totals, pages = null, metadata = plainMetadata }: QueryOptions = {}) {
    this.#ledger = ledger;
    this.#defaultAsset = defaultAsset;
    this.#totals = totals;
    this.#pages = pages;
    this.#metadata = metadata;
  }

  /** Null when there is no such wallet; a system account is not a wallet. Never older than the newest change that was answered. */
  async wallet(id: string, { onlyOwner }: Reader = {}): Promise<Wallet | null> {
    const balance = await this.#ledger.read.balance(id, onlyOwner);
    if (balance?.kind !== 'wallet') return null;
    await this.#ledger.assets.learnFrom([balance]);
    return this.#withAsset(balance);
  }

  /** The owner's wallet in an asset, by default the default one. */
  async walletOf(owner: string, assetCode: string = this.#defaultAsset.code): Promise<Wallet | null> {
    return await this.wallet(ownedWalletId(owner, assetCode));
  }

  /** The owner's wallets in the order of their assets. `cursor`: a `next` of an earlier page. */
  async walletsOf(owner: string, limit: number, cursor?: string): Promise<Page<Wallet>> {
    const rows = await this.#ledger.read.balancesOf(owner, cursor === undefined ? 0 : Number(cursor), limit + 1);
    await this.#ledger.assets.learnFrom(rows);
    const items = rows.slice(0, limit).map((balance) => this.#withAsset(balance));
    return { items, next: rows.length > limit ? String(items.at(-1)?.asset) : null };
  }

  /** A wallet's entries until its version, newest first unless the filter says otherwise. `cursor`: a `next` of an earlier page. */
  async history(wallet: Wallet, limit: number, cursor?: string, filter: HistoryFilter = {}): Promise<Page<RecordedEntry>> {
    const { book, number, version, updatedAt } = wallet;
    const reader = this.#ledger.read.in(wallet);
    const at = cursor === undefined ? undefined : Number(cursor);
    if (Object.values(filter).some((condition) => condition !== undefined)) {
      const { items, next } = await filteredHistory(reader, wallet, filter, { limit, cursor: at });
      return { items: await openedEntries(this.#metadata, items), next };
    }
    const read = () => reader.history(number, { from: (at ?? version + 1) - 1, downTo: 1, limit: limit + 1 });
    // The date tells apart two pasts of one version, of which one was lost with a restored database.
    const name = `${book} ${number} ${version} ${updatedAt.getTime()} ${limit}`;
    const rows = this.#pages && cursor === undefined ? await this.#pages.page(name, read) : await read();
    const items = await openedEntries(this.#metadata, rows.slice(0, limit));
    return { items, next: rows.length > limit ? String(versionIn(items.at(-1), wallet)) : null };
  }

  /**
   * The stored totals plus the newer entries of the log: exact as of `wallet.asOfSeq`, however far behind the totals are. Without stored
   * totals, everything is summed from the log.
   */
  async stats(id: string, reader: Reader = {}): Promise<WalletStats | null> {
    // Read before the wallet, so that the wallet is at least as new and nothing later is counted.
    const stored = (await this.#totals?.find(bookOfWallet(id, this.#ledger.books.length), id)) ?? nothingStored;
    const wallet = await this.wallet(id, reader);
    if (!wallet) return null;
    const newer = await this.#ledger.read.in(wallet).totals(wallet.number, { after: stored.version, until: wallet.version });
    return { wallet, ...withNewer(stored, newer) };
  }

  /** An operation, posted or refused, by the id in its answer. */
  async operation(id: string, { onlyOwner }: Reader = {}): Promise<OperationRead | null> {
    const entry = await entryOfOperation(this.#ledger, id, onlyOwner);
    return entry && (await this.#withReversals(entry));
  }

  /** Operations whose entries were found, in the same order. */
  async operationsOf(stored: readonly RecordedEntry[]): Promise<OperationRead[]> {
    await this.#ledger.assets.learnFrom(stored);
    const entries = await openedEntries(this.#metadata, stored);
    const reversals = await Promise.all(
      [...Map.groupBy(entries.filter(isPosting), ({ book }) => book)].map(
        async ([book, postings]) => await this.#ledger.read.in({ book }).reversalsOf(postings.map(({ seq }) => seq)),
      ),
    );
    const byOriginal = Map.groupBy(await openedEntries(this.#metadata, reversals.flat()), ({ book, reverses }) => `${book}-${reverses}`);
    return await Promise.all(
      entries.map(async (entry, at) => {
        const first = stored[at];
        if (first && isInSteps(entry)) return { entry, reversals: [], saga: await stateOf(this.#ledger, first) };
        return { entry, reversals: byOriginal.get(`${entry.book}-${entry.seq}`) ?? [] };
      }),
    );
  }

  /** A transfer, atomic or by saga. A user sees it when the sender's wallet or the recipient's is the user's. */
  async transfer(id: string, { onlyOwner }: Reader = {}): Promise<OperationRead | null> {
    const found = await entryOfOperation(this.#ledger, id);
    if (found?.kind === 'transfer') return await this.operation(id, { onlyOwner });
    if (found?.kind !== 'transfer_debit') return null;
    const isSeen = onlyOwner === undefined || (await this.#isParty(found, onlyOwner));
    return isSeen ? await this.#withReversals(found) : null;
  }

  async #isParty(debit: RecordedEntry, owner: string): Promise<boolean> {
    if (await this.#ledger.read.in(debit).entry(debit.seq, owner)) return true;
    const { to = '' } = sagaDetails(debit);
    return (await this.#ledger.read.balance(to, owner)) !== null;
  }

  /** The operation of a request whose answer was lost: by the wallet that initiated it and its idempotency key. */
  async operationByKey(wallet: Wallet, key: string, keyspace: Keyspace): Promise<OperationRead | null> {
    const entry = await this.#ledger.read.in(wallet).entryByKey(wallet.number, key, keyspace);
    return entry && (await this.#withReversals(entry));
  }

  /** Whether anything is recorded under the key: posted, refused, or begun. */
  async isOnRecord(wallet: Wallet, key: string, keyspace: Keyspace): Promise<boolean> {
    return (await this.#ledger.read.in(wallet).entryByKey(wallet.number, key, keyspace)) !== null;
  }

  /** A hold, by the id of the operation that authorised it, with its later entries in order. */
  async hold(id: string, { onlyOwner }: Reader = {}): Promise<(WalletHold & { readonly entries: readonly RecordedEntry[] }) | null> {
    const place = parseOperationId(id);
    const book = place && this.#ledger.read.book(place.book);
    const hold = book && (await book.hold(place.seq, onlyOwner));
    if (!hold) return null;
    await this.#ledger.assets.learnFrom([hold.entry]);
    const entries = (await book.entriesOfHold(place.seq)).filter((entry) => entry.holdLeft !== null && entry.holdLeft >= hold.hold.left);
    return { ...this.#withCurrency(await this.#openedHold(hold)), entries: await openedEntries(this.#metadata, entries) };
  }

  /** A wallet's holds, newest first. `cursor`: a `next` of an earlier page. */
  async holds(
    wallet: Wallet,
    page: { readonly limit: number; readonly cursor?: string | undefined; readonly open: boolean },
  ): Promise<Page<WalletHold>> {
    const { limit, cursor, open } = page;
    const beforeSeq = (cursor === undefined ? null : parseOperationId(cursor))?.seq ?? Number.MAX_SAFE_INTEGER;
    const rows = await this.#ledger.read.in(wallet).holdsOf(wallet.number, { beforeSeq, limit: limit + 1, open });
    const items = await this.holdsOf(rows.slice(0, limit));
    const last = items.at(-1);
    return { items, next: last && rows.length > limit ? operationId(last.entry) : null };
  }

  /** Holds that were found, in the same order. */
  async holdsOf(stored: readonly HoldRead[]): Promise<WalletHold[]> {
    await this.#ledger.assets.learnFrom(stored.map(({ entry }) => entry));
    const holds = await Promise.all(stored.map(async (hold) => await this.#openedHold(hold)));
    return holds.map((hold) => this.#withCurrency(hold));
  }

  /** A wallet's balance at a moment, by recorded or by effective date. Null when it was not open yet. */
  async balanceAt(wallet: Wallet, at: Date, by: 'recorded' | 'effective'): Promise<PastWallet | null> {
    if (by === 'recorded') return await this.#ledger.read.in(wallet).balanceAt(wallet.number, at);
    const balance = await this.#ledger.read.in(wallet).effectiveBalanceAt(wallet.number, at);
    return balance === null ? null : { balance, held: null, version: null };
  }

  /** Events of the log in order, after a cursor: `seq-part` of each book. */
  async events(limit: number, cursor?: string): Promise<Page<LedgerEvent>> {
    const { events, next } = await this.#ledger.read.events(cursor, limit);
    return { items: await openedEvents(this.#metadata, events), next };
  }

  /** Closed periods, newest first: the first is in force. */
  async closings(): Promise<readonly Closing[]> {
    return await this.#ledger.closings.list();
  }

  /** Whether a cursor is beyond the end of the log: of one book, if it is named. */
  async isBeyondLog(cursor: string, book?: number): Promise<boolean> {
    return await this.#ledger.read.isBeyond(cursor, book);
  }

  async #withReversals(stored: RecordedEntry): Promise<OperationRead> {
    const [read] = await this.operationsOf([stored]);
    assert(read, 'each entry is an operation');
    return read;
  }

  async #openedHold(hold: HoldRead): Promise<HoldRead> {
    return { ...hold, entry: await openedEntry(this.#metadata, hold.entry) };
  }

  #withCurrency(hold: HoldRead): WalletHold {
    return { ...hold, currency: this.#ledger.assets.get(hold.entry.asset ?? 0) };
  }

  #withAsset(balance: Balance): Wallet {
    return { ...balance, currency: this.#ledger.assets.get(balance.asset) };
  }
}

function isPosting({ debit, credit }: RecordedEntry): boolean {
  return debit !== null && credit !== null;
}

function isInSteps({ kind, refusal }: RecordedEntry): boolean {
  return kind === 'transfer_debit' && !refusal;
}
