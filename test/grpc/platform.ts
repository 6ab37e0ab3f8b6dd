// Both gRPC services on a real database, connected over gRPC, with a proxy in front of the wallets service.
import { Approvals } from '../../packages/coffer/src/approvals/index.ts';
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import { Access } from '../../packages/coffer/src/gateway/access/index.ts';
import { Reports } from '../../packages/coffer/src/reports/index.ts';
import type { AccessMode } from '../../packages/coffer/src/gateway/access/index.ts';
import {
  createUserClient,
  createWalletClient,
  internalCredentialOf,
  startUsersService,
  startWalletsService,
} from '../../packages/coffer/src/gateway/grpc/index.ts';
import type { RunningService, ServiceOptions } from '../../packages/coffer/src/gateway/grpc/index.ts';
import type { Observation } from '../../packages/coffer/src/gateway/index.ts';
import { Find } from '../../packages/coffer/src/find/index.ts';
import { ApiKeys, Authenticator, Proofs, Sessions, Users } from '../../packages/coffer/src/identity/index.ts';
import type { WalletProvisioner } from '../../packages/coffer/src/identity/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Log } from '../../packages/coffer/src/kernel/index.ts';
import type { Tls } from '../../packages/coffer/src/gateway/network/index.ts';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import type pg from 'pg';
import { plainMetadata } from '../../packages/coffer/src/metadata/index.ts';
import type { MetadataVault } from '../../packages/coffer/src/metadata/index.ts';
import { WalletQueries } from '../../packages/coffer/src/wallets/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';
import type { FaultyProxy } from '../support/proxy.ts';

export const jwtSecret = 'a secret that is only ever used in tests';

export type Platform = {
  readonly database: TestDatabase;
  readonly ledger: Ledger;
  readonly queries: WalletQueries;
  readonly find: Find;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly apiKeys: ApiKeys;
  readonly approvals: Approvals;
  readonly metadata: MetadataVault;
  readonly guard: Pick<ServiceOptions, 'access' | 'internalCredentials' | 'tls'>;
  readonly provisioner: WalletProvisioner;
  /** `host:port`, for clients. */
  readonly usersAddress: string;
  readonly walletsAddress: string;
  readonly proxy: FaultyProxy;
  stopUsers(): Promise<void>;
  startUsers(): Promise<void>;
  stopWallets(): Promise<void>;
  startWallets(): Promise<void>;
  stop(): Promise<void>;
};

export async function startPlatform(
  options: {
    openMs?: number;
    log?: Log;
    mode?: AccessMode;
    tls?: Tls;
    requestsPerMinute?: number;
    isPayoutDecided?: boolean;
    watch?: (database: TestDatabase) => Observation;
    metadata?: (pool: pg.Pool) => MetadataVault;
  } = {},
): Promise<Platform> {
  const {
    log = silentLog(),
    mode = 'open',
    tls = null,
    requestsPerMinute,
    watch,
    isPayoutDecided = false,
    metadata: openMetadata,
    ...clientOptions
  } = options;
  const internalCredential = mode === 'open' ? null : internalCredentialOf(jwtSecret);
  const client = { credential: internalCredential, tls };
  const database = await createTestDatabase();
  const ledger = await openLedger({ url: inRole(database.url, 'writer'), log, patienceMs: 60_000 });
  const asset = ledger.assets.find('USD');
  assert(asset, 'the migrations bring the asset USD');
  const metadata = openMetadata?.(database.pool) ?? plainMetadata;
  const queries = new WalletQueries(ledger, asset, { metadata });
  const find = new Find({ url: inRole(database.url, 'writer'), log, ledger });
  const usersAt = { host: '127.0.0.1', port: await freePort() };
  const walletsAt = { host: '127.0.0.1', port: await freePort() };
  const proxy = await startProxy(walletsAt);
  const walletClient = createWalletClient(proxy.address, { ...clientOptions, ...client });
  const userClient = createUserClient(usersAt, client);
  const users = new Users({ pool: database.pool, wallets: walletClient });
  const proofs = new Proofs({ pool: database.pool, delivery: 'operator', signUp: 'open' });
  const sessions = new Sessions({ pool: database.pool, jwtSecret });
  const apiKeys = new ApiKeys(database.pool);
  const approvals = new Approvals(database.pool, 24, metadata);
  const access = new Access({ mode, authenticator: new Authenticator({ sessions, apiKeys }), requestsPerMinute });
  const internalCredentials = internalCredential === null ? [] : [internalCredential];
  const guard = { access, internalCredentials, tls, observation: watch?.(database) };
  let running: { users?: RunningService | undefined; wallets?: RunningService | undefined } = {};

  const platform: Platform = {
    database,
    ledger,
    queries,
    find,
    users,
    sessions,
    apiKeys,
    approvals,
    metadata,
    guard,
    provisioner: walletClient,
    usersAddress: `${usersAt.host}:${usersAt.port}`,
    walletsAddress: `${walletsAt.host}:${walletsAt.port}`,
    proxy,
    async startUsers() {
      const ready = async () => (await database.pool.query('select')).command === 'SELECT';
      running = {
        ...running,
        users: await startUsersService({ ...guard, address: usersAt, users, proofs, wallets: walletClient, log, ready }),
      };
    },
    async stopUsers() {
      await running.users?.stop();
      running = { ...running, users: undefined };
    },
    async startWallets() {
      const commands = createCommands({
        ledger,
        defaultAsset: asset,
        isPayoutDecided,
        metadata,
        approvals: mode === 'required' ? approvals : undefined,
      });
      const wallets = {
        commands,
        queries,
        find,
        assets: ledger.assets,
        chart: ledger.chart,
        reports: new Reports(ledger),
        users: userClient,
        defaultAsset: asset.code,
        ready: () => ledger.ready,
      };
      running = { ...running, wallets: await startWalletsService({ ...guard, address: walletsAt, log, ...wallets }) };
    },
    async stopWallets() {
      await running.wallets?.stop();
      running = { ...running, wallets: undefined };
    },
    async stop() {
      walletClient.close();
      userClient.close();
      await proxy.stop();
      await platform.stopUsers();
      await platform.stopWallets();
      await find.stop();
      await ledger.stop();
      await database.drop();
    },
  };
  await platform.startUsers();
  await platform.startWallets();
  return platform;
}
