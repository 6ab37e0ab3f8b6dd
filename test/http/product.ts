/** A complete product behind a listening server, on a separate database. */
import { ChangeLog } from '../../packages/coffer/src/audit/index.ts';
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import { Approvals } from '../../packages/coffer/src/approvals/index.ts';
import { openApprovalRunner } from '../../packages/coffer/src/compose/approvals.ts';
import type pg from 'pg';
import { openCache } from '../../packages/coffer/src/cache/index.ts';
import type { Counter } from '../../packages/coffer/src/cache/index.ts';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { LogTail, openBroker } from '../../packages/coffer/src/events/index.ts';
import { ApiKeys, Authenticator, Factors, Proofs, Sessions, Subjects, Users } from '../../packages/coffer/src/identity/index.ts';
import type { AccountRules, IssuerSettings, PasskeySettings } from '../../packages/coffer/src/identity/index.ts';
import { Access, listenHttp } from '../../packages/coffer/src/gateway/index.ts';
import type { AccessMode, Product } from '../../packages/coffer/src/gateway/index.ts';
import { Find } from '../../packages/coffer/src/find/index.ts';
import { fraudProjection, openInsights, Reviews, statsProjection } from '../../packages/coffer/src/insights/index.ts';
import { assert, createLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerOptions } from '../../packages/coffer/src/ledger/index.ts';
import { isSetAside, projectionStatus, SetAsides } from '../../packages/coffer/src/projections/index.ts';
import { Reports } from '../../packages/coffer/src/reports/index.ts';
import { Requests } from '../../packages/coffer/src/requests/index.ts';
import { seedDemo } from '../../packages/coffer/src/compose/seed.ts';
import { WalletQueries } from '../../packages/coffer/src/wallets/index.ts';
import { Webhooks } from '../../packages/coffer/src/webhooks/index.ts';
import { plainMetadata } from '../../packages/coffer/src/metadata/index.ts';
import type { MetadataVault } from '../../packages/coffer/src/metadata/index.ts';
import { createTestDatabase } from '../support/database.ts';

export const testSecret = 'a secret for tests, of 32 bytes or more';
const patientMs = 60_000;
export const alice = '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32';

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; null for an empty body. */
  readonly body: Record<string, unknown>;
  readonly text: string;
};

export type TestProduct = {
  readonly url: string;
  readonly product: Product;
  readonly ledger: Ledger;
  readonly metadata: MetadataVault;
  readonly pool: pg.Pool;
  /** The database URL with the role and route of the product. */
  readonly databaseUrl: string;
  /** Sends `body` as JSON, or unchanged if it is text or bytes. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A demo user's Authorization header. */
  login(userId: string): Promise<Record<string, string>>;
  stop(): Promise<void>;
};

export type AccountConditions = {
  /** By default no address has to be proved, and there is no mail server. */
  readonly rules?: AccountRules;
  readonly accounts?: Partial<ConstructorParameters<typeof Proofs>[0]>;
};

type Conditions = AccountConditions & {
  readonly books?: number;
  /** Routes the database connections through a detour, such as a proxy that breaks them. */
  readonly detour?: (databaseUrl: string) => Promise<string>;
  readonly patienceMs?: number;
  readonly observe?: LedgerOptions['observe'];
  /** Wraps the ledger of the product. */
  readonly around?: ((opened: Ledger) => Ledger) | undefined;
  /** Monitoring parts of the product, on the database without the detour. */
  readonly watch?: (databaseUrl: string, pool: pg.Pool) => Partial<Product>;
  readonly mode?: AccessMode;
  readonly requestsPerMinute?: number;
  readonly issuer?: IssuerSettings;
  readonly staffMustHaveFactor?: boolean;
  readonly passkeys?: PasskeySettings;
  /** The clock of TOTP. */
  readonly nowMs?: () => number;
  readonly counter?: Counter | undefined;
  /** How metadata is stored, on the pool of the product. */
  readonly metadata?: ((pool: pg.Pool) => MetadataVault) | undefined;
};

export async function startProduct(changes: Partial<Product> = {}, conditions: Conditions = {}): Promise<TestProduct> {
  const {
    detour,
    mode = 'open',
    requestsPerMinute,
    counter,
    issuer,
    watch,
    around = (opened) => opened,
    rules,
    accounts,
    staffMustHaveFactor,
    passkeys,
    nowMs,
    metadata: openMetadata = () => plainMetadata,
    ...ledgerOptions
  } = conditions;
  const database = await createTestDatabase();
  const log = createLog({ level: 'error', pretty: true });
  const url = inRole((await detour?.(database.url)) ?? database.url, 'writer');
  // A short timeout only in tests where the database goes down: on a busy machine everything is slow.
  const pool = createPool(url, log, { connectTimeoutMs: detour ? 1_000 : patientMs });
  // Always on, so that every test of an answer also tests the cache.
  const cache = await openCache({ redisUrl: undefined, cachedReads: true, pool, namespace: '', log });
  const ledger = around(await openLedger({ url, log, patienceMs: patientMs, ...ledgerOptions }));
  await seedDemo(database.pool, ledger);
  const dollars = ledger.assets.find('USD');
  assert(dollars, 'the migrations bring USD');
  const metadata = openMetadata(pool);
  const approvals = new Approvals(pool, 24, metadata);
  const commands = createCommands({
    approvals: mode === 'required' ? approvals : undefined,
    ledger,
    defaultAsset: dollars,
    metadata,
    reviews: new Reviews(pool, (book, seq) => isSetAside(pool, 'fraud', book, seq)),
  });
  const queries = new WalletQueries(ledger, dollars, { pages: cache.pages, metadata });
  const users = new Users({
    pool,
    wallets: {
      openWallet: async (owner) => {
        const { status } = await commands.open({ owner, key: 'signup', actor: `user:${owner}` });
        return status === 'posted' ? { status: 'opened' } : { status: 'refused', reason: 'refused' };
      },
      hasWallet: async (owner) => (await queries.walletOf(owner)) !== null,
    },
    rules,
  });
  const proofs = new Proofs({ pool, delivery: rules?.mails === true ? 'mail' : 'operator', signUp: 'open', ...accounts });
  const factors = new Factors({ pool, factorKey: testSecret, staffMustHaveFactor, passkeys, ...(nowMs && { nowMs }) });
  const sessions = new Sessions({ pool, jwtSecret: testSecret, issuer, requiresProof: rules?.requiresProof, factors });
  const apiKeys = new ApiKeys(pool);
  const authenticator = new Authenticator({ sessions, apiKeys });
  const find = new Find({ url, log, ledger });
  const tail = new LogTail({ ledger, log, metadata });
  const broker = await openBroker({ peers: { rabbitmqUrl: undefined }, url, pool, ledger, log, metadata });
  const requests = new Requests(pool, metadata);
  const access = new Access({ mode, authenticator, requestsPerMinute, counter });
  const product: Product = {
    tail,
    webhooks: new Webhooks({ pool, ledger, allowPrivate: false, metadata }),
    apiKeys,
    access,
    approvals,
    approvalRunner: openApprovalRunner({ pool, log, approvals, commands, queries, requests, assets: ledger.assets }),
    changes: new ChangeLog(pool),
    insights: openInsights(pool, ledger),
    commands,
    queries,
    find,
    requests,
    assets: ledger.assets,
    chart: ledger.chart,
    reports: new Reports(ledger),
    defaultAsset: dollars.code,
    users,
    proofs,
    sessions,
    factors,
    subjects: new Subjects(pool),
    projections: () => projectionStatus(pool, ledger),
    setAsides: new SetAsides({ pool, ledger, log, projections: [statsProjection, fraudProjection()] }),
    deadLetters: broker.deadLetters,
    ready: () => ledger.ready,
    demo: mode === 'open',
    swaggerEnabled: true,
    log,
    ...watch?.(database.url, database.pool),
    ...changes,
  };
  const listener = await listenHttp(product, { host: '127.0.0.1', port: 0 });
  const call: TestProduct['call'] = async (method, path, body, headers = {}) => {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(`${listener.url}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      redirect: 'manual',
      ...(body !== undefined && { body: raw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = (answer.headers.get('content-type') ?? '').includes('json');
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: isJson && text !== '' ? (JSON.parse(text) as Answer['body']) : {},
    };
  };
  return {
    url: listener.url,
    product,
    ledger,
    metadata,
    pool: database.pool,
    databaseUrl: url,
    call,
    login: async (userId) => {
      const { body } = await call('POST', '/auth/login', { user_id: userId });
      return { authorization: `Bearer ${String(body['token'])}` };
    },
    stop: async () => {
      await product.requests.stop();
      await listener.stop();
      await tail.stop();
      await broker.stop();
      await find.stop();
      await ledger.stop();
      await pool.end();
      await database.drop();
    },
  };
}
