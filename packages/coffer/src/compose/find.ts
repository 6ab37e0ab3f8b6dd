// Wires searching from the command line.
import { Find } from '../find/index.ts';
import { createWalletClient } from '../gateway/grpc/index.ts';
import { Users } from '../identity/index.ts';
import type { Assets } from '../ledger/index.ts';
import { Requests } from '../requests/index.ts';
import { WalletQueries } from '../wallets/index.ts';
import { readOnly, withLedgerReader } from './commands.ts';
import type { Context } from './commands.ts';
import { vaultOf } from './metadata.ts';
import { accountRulesOf } from './users.ts';

export type FindParts = {
  readonly find: Find;
  readonly queries: WalletQueries;
  readonly requests: Requests;
  readonly users: Pick<Users, 'get' | 'list'>;
  readonly assets: Assets;
};

export async function withFind(context: Context, work: (parts: FindParts) => Promise<void>): Promise<void> {
  await withLedgerReader(context, readOnly, async ({ pool, url }, ledger) => {
    const metadata = vaultOf(context.config, pool);
    const find = new Find({ url, log: context.log, ledger });
    const requests = new Requests(pool, metadata);
    // Nothing opens a wallet here, so the wallets service is never called.
    const wallets = createWalletClient(context.config.walletService);
    const users = new Users({ pool, wallets, rules: accountRulesOf(context.config) });
    // The default asset is that of reads by owner, which are not made here.
    const queries = new WalletQueries(ledger, ledger.assets.get(1), { metadata });
    try {
      await work({ find, queries, requests, users, assets: ledger.assets });
    } finally {
      wallets.close();
      await requests.stop();
      await find.stop();
    }
  });
}
