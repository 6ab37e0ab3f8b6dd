// Wires what commands about users work with, and what the server shares with them.
import type { Database } from '../database/index.ts';
import { createWalletClient } from '../gateway/grpc/index.ts';
import { explainRefusal } from '../gateway/index.ts';
import { Proofs, Users } from '../identity/index.ts';
import type { AccountRules } from '../identity/index.ts';
import { Reviews } from '../insights/index.ts';
import { OperatorError } from '../kernel/index.ts';
import { openLedger } from '../ledger/index.ts';
import type { Asset, ReadableLedger } from '../ledger/index.ts';
import { createCommands } from '../operations/index.ts';
import type { Destination } from '../operations/index.ts';
import { isSetAside } from '../projections/index.ts';
import { beside, withDatabase, withLedgerReader } from './commands.ts';
import type { Context } from './commands.ts';
import type { Config } from './config.ts';

/** `walletsOf`: how many open wallets a user has, at most 500. */
export type UserParts = {
  readonly users: Users;
  readonly proofs: Proofs;
  readonly walletsOf: (userId: string) => Promise<number>;
};

export async function withUsers(context: Context, work: (parts: UserParts) => Promise<void>): Promise<void> {
  await withLedgerReader(context, { connectionsMax: 2 }, async ({ pool }, ledger) => {
    // No command opens a wallet, so the wallets service is never called.
    const wallets = createWalletClient(context.config.walletService);
    const users = new Users({ pool, wallets, rules: accountRulesOf(context.config) });
    const walletsOf = async (userId: string) => (await ledger.read.balancesOf(userId, 0, 500)).length;
    await work({ users, proofs: proofsOf(pool, context.config), walletsOf }).finally(() => wallets.close());
  });
}

export function accountRulesOf({ accounts, peers }: Config): AccountRules {
  return { requiresProof: accounts.requiresProof, mails: peers.mail !== undefined };
}

export function proofsOf(pool: Database['pool'], { accounts, peers }: Config): Proofs {
  const { signUp, publicUrl } = accounts;
  return new Proofs({ pool, delivery: peers.mail ? 'mail' : 'operator', signUp, publicUrl });
}

export async function withProofs(context: Context, work: (proofs: Proofs) => Promise<void>): Promise<void> {
  await withDatabase(context, { ...beside, connectionsMax: 2 }, async ({ pool }) => await work(proofsOf(pool, context.config)));
}

/** Closes the wallets of a user, and returns a sentence about what prevents it, or null. */
type CloseWalletsOf = (owner: string, sweepTo: Destination | undefined) => Promise<{ readonly sentence: string } | null>;

/** Hands its postings to the owners of the books, as any other process does; where no Coffer runs, it owns them for as long as it takes. */
export async function withUserDeletion(
  context: Context,
  work: (parts: Omit<UserParts, 'proofs'> & { readonly closeWallets: CloseWalletsOf }) => Promise<void>,
): Promise<void> {
  const { config, log } = context;
  await withDatabase(context, { ...beside, connectionsMax: 3 }, async ({ pool, url }) => {
    const ledger = await openLedger({ url, log, books: config.books, peers: { owns: 'last' } });
    const wallets = createWalletClient(config.walletService);
    const users = new Users({ pool, wallets, rules: accountRulesOf(config) });
    const reviews = new Reviews(pool, (book, seq) => isSetAside(pool, 'fraud', book, seq));
    const isPayoutDecided = config.peers.payout.kind !== 'none';
    const commands = createCommands({ ledger, defaultAsset: findDefaultAsset(config, ledger), reviews, isPayoutDecided });
    const closeWallets: CloseWalletsOf = async (owner, sweepTo) => {
      // A person who runs commands on this machine is staff.
      const refused = await commands.closeAllOf({ owner, sweepTo, reason: 'the user was deleted', actor: 'cli', clearance: 'direct' });
      return refused && { sentence: explainRefusal(refused.refusal, refused.entry, ledger.assets).detail };
    };
    const walletsOf = async (userId: string) => (await ledger.read.balancesOf(userId, 0, 500)).length;
    try {
      await work({ users, walletsOf, closeWallets });
    } finally {
      wallets.close();
      await ledger.stop();
    }
  });
}

/** For a process that serves: the wallets of new users are opened in it. */
export function usableDefaultAsset(config: Pick<Config, 'defaultAsset'>, ledger: Pick<ReadableLedger, 'assets'>): Asset {
  const asset = findDefaultAsset(config, ledger);
  if (!asset.retired) return asset;
  throw new OperatorError(
    `COFFER_DEFAULT_ASSET is ${asset.code}, which is retired: new users would get no wallet.`,
    `Choose another asset, or end the retirement: coffer assets reinstate ${asset.code}`,
  );
}

export function findDefaultAsset({ defaultAsset }: Pick<Config, 'defaultAsset'>, ledger: Pick<ReadableLedger, 'assets'>): Asset {
  const asset = ledger.assets.find(defaultAsset);
  if (asset) return asset;
  const known = ledger.assets.all.map(({ code }) => code).join(', ');
  throw new OperatorError(
    `COFFER_DEFAULT_ASSET is ${defaultAsset}, which is not an asset of this ledger.`,
    `Choose one of ${known}, or add it: coffer assets add.`,
  );
}
