/** The parts of a process that reads and posts, several times in one process: each with its own connections and cache. */
import { openCache } from '../../packages/coffer/src/cache/index.ts';
import type { OpenedCache } from '../../packages/coffer/src/cache/index.ts';
import { identityOf, inRole } from '../../packages/coffer/src/database/index.ts';
import { assert, newId, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Log } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import { WalletQueries } from '../../packages/coffer/src/wallets/index.ts';
import type { TestDatabase } from '../support/database.ts';

export type Side = {
  readonly cache: OpenedCache;
  /** Returns the version of the wallet after the deposit. */
  deposit(wallet: string): Promise<number>;
  version(wallet: string): Promise<number | undefined>;
  /** The version after the newest entry of the wallet's history. */
  newest(wallet: string): Promise<number | undefined>;
  hits(): number;
  stop(): Promise<void>;
};

export async function openSide(database: TestDatabase, redisUrl?: string, log: Log = silentLog()): Promise<Side> {
  const url = inRole(database.url, 'writer');
  const namespace = await identityOf(database.pool);
  const cache = await openCache({ redisUrl, cachedReads: true, pool: database.pool, namespace, log });
  const ledger = await openLedger({ url, log: silentLog() });
  const asset = ledger.assets.find('USD');
  assert(asset, 'the migrations bring USD');
  const queries = new WalletQueries(ledger, asset, { pages: cache.pages });
  return {
    cache,
    deposit: async (wallet) => {
      const credit = { wallet, opens: { owner: null, asset: asset.id, floor: 0n } };
      const outcome = await ledger.post({ kind: 'deposit', key: newId(), debit: { system: 'cash_in' }, credit, amount: 1n });
      assert(outcome.status === 'posted', 'a deposit is posted');
      return outcome.entry.credit?.version ?? 0;
    },
    version: async (wallet) => (await queries.wallet(wallet))?.version,
    newest: async (wallet) => {
      const found = await queries.wallet(wallet);
      const page = found && (await queries.history(found, 10));
      return page?.items[0]?.credit?.version;
    },
    hits: () => cache.status()?.hits ?? 0,
    stop: async () => {
      await ledger.stop();
      await cache.stop();
    },
  };
}

export function isOn({ cache }: Side): boolean {
  return cache.status()?.on === true;
}
