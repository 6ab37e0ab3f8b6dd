/** What can be asked about wallets. */
import { placeOfOperationId } from '../ledger/index.ts';
import type { Asset, Balance, Ledger, LedgerEvent, RecordedEntry } from '../ledger/index.ts';
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
  readonly transferredIn: bigint;
  readonly transferredOut: bigint;
  readonly postings: number;
  readonly lastActivityAt: Date | null;
};

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
    const total = (kind: string, side: string) => totals.find((row) => row.kind === kind && row.side === side)?.total ?? 0n;
    return {
      wallet,
      deposited: total('deposit', 'credit'),
      withdrawn: total('withdrawal', 'debit'),
      toppedUp: total('topup', 'credit'),
      spent: total('spend', 'debit'),
      transferredIn: total('transfer', 'credit'),
      transferredOut: total('transfer', 'debit'),
      postings: totals.reduce((sum, row) => sum + row.count, 0),
      lastActivityAt: totals.reduce<Date | null>((latest, row) => (latest && latest > row.lastAt ? latest : row.lastAt), null),
    };
  }

  /** An operation, posted or refused, by the id that its answer carried. */
  async operation(id: string, { onlyOwner }: Reach = {}): Promise<RecordedEntry | null> {
    const place = placeOfOperationId(id);
    return place && ((await this.#ledger.read.book(place.book)?.entry(place.seq, onlyOwner)) ?? null);
  }

  /** What became of a request whose answer was lost: by the wallet that initiated it and its idempotency key. */
  async operationByKey(wallet: Wallet, key: string): Promise<RecordedEntry | null> {
    return await this.#ledger.read.in(wallet).entryByKey(wallet.number, key);
  }

  /** Events of the log in order, after a place: `seq-part` of each book. */
  async events(limit: number, cursor?: string): Promise<Page<LedgerEvent>> {
    const { events, next } = await this.#ledger.read.events(cursor, limit);
    return { items: events, next };
  }

  #withAsset(balance: Balance): Wallet {
    return { ...balance, currency: this.#ledger.assets.get(balance.asset) };
  }
}
