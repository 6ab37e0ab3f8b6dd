/** Finding operations, holds and wallets. Nothing is decided by what is found: the projection may be behind. */
import type pg from 'pg';
import { createPool } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { readHolds } from '../ledger/index.ts';
import type { FoundEntry, HoldRead, ReadableLedger } from '../ledger/index.ts';
import type { Reader } from '../wallets/index.ts';
import { matches, stateOfHold, termSetsOf } from './filter.ts';
import type { HoldState, OperationFilter } from './filter.ts';
import { findOperations, pageOf } from './operations.ts';
import type { FoundPage, PageRequest, Refused } from './operations.ts';
import { readProgress } from './progress.ts';
import { findWallets } from './wallets.ts';
import type { WalletFilter } from './wallets.ts';

/** Searches share few connections, so that they cannot take those of postings; one that takes long is given up. */
const connectionsMax = 4;
export const settings = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
  statement_timeout: '10s',
};

export class Find {
  readonly #pool: pg.Pool;
  readonly #ledger: ReadableLedger;

  constructor({ url, log, ledger }: { readonly url: string; readonly log: Log; readonly ledger: ReadableLedger }) {
    this.#pool = createPool(url, log, { connectionsMax, applicationName: 'coffer find', settings });
    this.#ledger = ledger;
  }

  async operations(filter: OperationFilter, reader: Reader, page: PageRequest): Promise<FoundPage<FoundEntry> | Refused> {
    const progress = await readProgress(this.#pool, this.#ledger);
    return await findOperations(this.#source, { filter, reader, page, progress });
  }

  /** Filters are those of the operation that authorised the hold, and its state now. */
  async holds(
    filter: OperationFilter & { readonly state?: HoldState | undefined },
    reader: Reader,
    page: PageRequest,
  ): Promise<FoundPage<HoldRead> | Refused> {
    const { state, ...ofOperation } = filter;
    const progress = await readProgress(this.#pool, this.#ledger);
    const accept = async (book: number, seqs: readonly number[]) =>
      (await readHolds(this.#pool, book, seqs)).filter(
        (read) =>
          matches({ entry: read.entry, initiator: read.hold.wallet }, ofOperation, reader) &&
          (state === undefined || stateOfHold(read) === state),
      );
    const searched = { filter, reader, page, progress };
    const sets = termSetsOf(ofOperation, reader, state ?? 'any');
    return await pageOf(this.#source, searched, { list: 'holds', sets, accept, placeOf: ({ entry }) => entry });
  }

  /** The ids of wallets. */
  async wallets(filter: WalletFilter, reader: Reader, page: PageRequest): Promise<FoundPage<string> | Refused> {
    const progress = await readProgress(this.#pool, this.#ledger);
    const assets = (await this.#ledger.assets.list()).map(({ id }) => id);
    return await findWallets(this.#source, { filter, reader, page, progress, assets });
  }

  async stop(): Promise<void> {
    await this.#pool.end();
  }

  get #source() {
    return { pool: this.#pool, ledger: this.#ledger };
  }
}
