// The composition root: only compose wires contexts together, and this file wires what `coffer start` runs.
import type { KeyObject } from 'node:crypto';
import { Approvals } from '../approvals/index.ts';
import { createCommands } from '../operations/index.ts';
import { counterOf, openCache } from '../cache/index.ts';
import type { OpenedCache } from '../cache/index.ts';
import { identityOf, openDatabase } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { LogTail, openBroker, openPostingNotifier, notifyingOnCommit } from '../events/index.ts';
import type { PostingNotifier } from '../events/index.ts';
import {
  createUserClient,
  createWalletClient,
  internalCredentialOf,
  startUsersService,
  startWalletsService,
} from '../gateway/grpc/index.ts';
import { listenHttp } from '../gateway/http/index.ts';
import { keepRepaired } from '../identity/index.ts';
import type { Sessions } from '../identity/index.ts';
import { Find } from '../find/index.ts';
import { openInsights, Reviews, statsKeeper } from '../insights/index.ts';
import { readTls } from '../gateway/network/index.ts';
import type { Tls } from '../gateway/network/index.ts';
import { ensureSecret, OperatorError } from '../kernel/index.ts';
import type { Address, Log } from '../kernel/index.ts';
import { withoutSettings } from './config.ts';
import type { Config } from './config.ts';
import { readAuditHeads } from '../audit/index.ts';
import { readSigningKey, startShipping } from '../evidence/index.ts';
import { knownHeads, ledgerIdOf, openLedger, readCheckpoints, readHeads, recordCheckpoint, startCheckpoints } from '../ledger/index.ts';
import type { Ledger, LedgerOptions, PeerOptions } from '../ledger/index.ts';
import { announce } from './announce.ts';
import { openApprovalRunner } from './approvals.ts';
import { withDatabase } from './commands.ts';
import { startWatch } from './observe.ts';
import type { Watch } from './observe.ts';
import { isSetAside, marksAhead, projectionStatus } from '../projections/index.ts';
import { Reports } from '../reports/index.ts';
import { Requests } from '../requests/index.ts';
import { watchSafety } from './safety.ts';
import type { SafetyWatch } from './safety.ts';
import { services } from './running.ts';
import type { Duties, RunningCoffer, Service } from './running.ts';
import { seedDemo } from './seed.ts';
import { openSetAsides } from './set-aside.ts';
import { cachedRead } from '../telemetry/index.ts';
import { WalletQueries } from '../wallets/index.ts';
import { Webhooks } from '../webhooks/index.ts';
import { startVault } from './metadata.ts';
import { openPeople, prepareFactors } from './people.ts';
import type { WorkerLink } from './process-link.ts';
import { usableDefaultAsset } from './users.ts';
import { startWorker } from './worker.ts';

const checkpointEveryMs = 5_000;

/** Of one of several processes: its link to the others, or the database that it supervises them with, which stays open. */
export type Surroundings = { readonly link?: WorkerLink; readonly database?: Database };

/**
 * Starts the given services (all share this process) on the database, which is migrated first. A single service joins an embedded
 * database that another process on the same home already runs.
 */
export async function startCoffer(
  config: Config,
  { services: chosen, books }: Duties,
  log: Log,
  { link, database: given }: Surroundings = {},
): Promise<RunningCoffer> {
  const tls = config.tls ? readTls(config.tls) : null;
  const signingKey = readSigningKey(config.checkpoints);
  const isAlone = !link && !given;
  if (isAlone) await announce(config, chosen, log);
  const started = new Started();
  try {
    const everything = isAlone && services.every((service) => chosen.includes(service));
    const database = given ?? (await openDatabase(config, log, { whenRunning: everything ? 'refuse' : 'join' }));
    if (!given) started.add(database);
    const watch = await startWatch(config, chosen, database, log);
    started.add(watch);

    // The users service owns no money, so on its own it has no ledger. Without any service, a process only owns books.
    const needsLedger = chosen.length === 0 || chosen.some((service) => service !== 'users');
    const notifier = openPostingNotifier({ url: database.url, pool: database.pool, log });
    started.add(notifier);
    const cache = await openCacheOf(config, database, log);
    started.add(cache);
    const safety = watchSafety(database, log);
    started.add(safety);
    watch.metrics.watch({ cache: () => cache.status(), isDatabaseSafe: () => safety.fault === null });
    const mayPost = () => safety.fault === null;
    const history = needsLedger ? await historyOf(config, database, log) : {};
    const how = {
      mayPost,
      observe: notifyingOnCommit(notifier, watch.metrics.ledger),
      books: config.books,
      peers: given ? { owns: books } : peersOf(config, books, link?.number ?? 1),
      ...history,
    };
    const ledger = needsLedger ? watch.ledger(await openLedger({ url: database.url, log, ...how })) : null;
    if (ledger) {
      started.add(ledger);
    }
    // One of several processes is enough.
    if (ledger && !link) {
      started.add(startCheckpoints({ pool: database.pool, home: config.home, everyMs: checkpointEveryMs, log }));
      shipCheckpoints(config, { key: signingKey, pool: database.pool, watch, started, log });
    }
    return await startServices(config, chosen, log, { database, ledger, notifier, cache, watch, safety, started, tls, link });
  } catch (failure) {
    await started.stop();
    throw failure;
  }
}

/** Worker process `number` takes operations on a port of its own: the first on the one that is set, the next on the one after it. */
function peersOf({ ownerListen, ownerAddress }: Config, books: Duties['books'], number: number): PeerOptions {
  if (ownerListen && !ownerAddress && wildcards.includes(ownerListen.host))
    throw new OperatorError(
      `COFFER_OWNER_LISTEN is ${ownerListen.host}, which other processes cannot connect to.`,
      'Set COFFER_OWNER_ADDRESS to the host:port under which they reach this one.',
    );
  const shifted = (address: Address | undefined) => address && { ...address, port: address.port + number - 1 };
  return { listen: shifted(ownerListen), advertise: shifted(ownerAddress), owns: books };
}

type Shipped = Pick<Foundation, 'watch' | 'started'> & Pick<Database, 'pool'> & { readonly key: KeyObject | null; readonly log: Log };

function shipCheckpoints({ checkpoints, peers }: Config, { key, pool, watch, started, log }: Shipped): void {
  const { destination, everySeconds } = checkpoints;
  if (destination === undefined) return;
  const how = {
    key,
    destination,
    everyMs: everySeconds * 1_000,
    allowPrivate: peers.privateWebhooks,
    env: withoutSettings(process.env),
    log,
  };
  const shipping = startShipping({ heads: async () => [...(await readHeads(pool)), ...(await readAuditHeads(pool))], ...how });
  started.add(shipping);
  watch.metrics.watch({ shipping: () => shipping.figures() });
}

/** What the home knows of the log: the ledger must contain it, and what it turns out to lack is recorded. */
async function historyOf({ home }: Config, { pool }: Database, log: Log): Promise<Pick<LedgerOptions, 'known' | 'onHistoryLost'>> {
  const ledger = await ledgerIdOf(pool);
  return {
    known: knownHeads(await readCheckpoints(home), ledger, home),
    onHistoryLost: (book, { batchNo, lastSeq, hash }) => {
      const checkpoint = { ledger, book, batchNo, lastSeq, hash, at: new Date().toISOString() };
      recordCheckpoint(home, checkpoint).catch((failure: unknown) => log.error({ err: failure }, 'Could not record what the log lost'));
    },
  };
}

type Foundation = {
  readonly database: Database;
  readonly ledger: Ledger | null;
  readonly notifier: PostingNotifier;
  readonly cache: OpenedCache;
  readonly watch: Watch;
  readonly safety: SafetyWatch;
  readonly started: Started;
  readonly tls: Tls | null;
  readonly link: WorkerLink | undefined;
};

async function startServices(config: Config, chosen: readonly Service[], log: Log, foundation: Foundation): Promise<RunningCoffer> {
  const { database, ledger, notifier, cache, safety, started, tls, link } = foundation;
  const { observation, metrics } = foundation.watch;
  const urls: Record<string, string> = {};
  /** Of several processes, the first does what one is enough for. */
  const isFirst = link?.isFirst ?? true;
  const demo = config.databaseUrl === undefined && config.auth === 'open';
  let demoToken: string | null = null;

  const internalCredential =
    config.auth === 'open' ? null : internalCredentialOf(config.internalSecret ?? ensureSecret(config.home, 'internal-secret'));
  const internalCredentials = internalCredential === null ? [] : [internalCredential, ...previousCredentials(config)];
  const walletClient = createWalletClient(reachable(config.walletService), { credential: internalCredential, tls });
  const userClient = createUserClient(reachable(config.userService), { credential: internalCredential, tls });
  started.add({ stop: () => Promise.resolve([walletClient.close(), userClient.close()]) });
  const people = openPeople({
    config,
    pool: database.pool,
    wallets: walletClient,
    counter: counterOf(cache.counter, link?.counter ?? null),
    log,
  });
  const { users, proofs, sessions, access } = people;
  const guard = { access, internalCredentials, tls, observation };

  if (chosen.includes('users')) {
    const ready = async () => await isAnswering(database);
    started.add(await startUsersService({ ...guard, address: config.userService, log, ready, users, proofs, wallets: walletClient }));
    urls['users'] = urlOf('grpc', config.userService);
  }
  if (ledger) {
    const defaultAsset = usableDefaultAsset(config, ledger);
    const metadata = await startVault(config, database.pool, log);
    const reviews = new Reviews(database.pool, (book, seq) => isSetAside(database.pool, 'fraud', book, seq));
    const approvals = new Approvals(database.pool, config.approvalHours, metadata);
    // In open mode there are no persons to tell apart.
    const asked = config.auth === 'required' ? approvals : undefined;
    const commands = createCommands({
      ledger,
      defaultAsset,
      reviews,
      isPayoutDecided: config.peers.payout.kind !== 'none',
      approvals: asked,
      metadata,
    });
    const reports = new Reports(ledger);
    const queries = new WalletQueries(ledger, defaultAsset, { totals: statsKeeper(database.pool), pages: cache.pages, metadata });
    const find = new Find({ url: database.url, log, ledger });
    started.add(find);
    if (chosen.includes('wallets')) {
      const ready = () => ledger.ready;
      const wallets = {
        commands,
        queries,
        find,
        assets: ledger.assets,
        chart: ledger.chart,
        reports,
        users: userClient,
        defaultAsset: defaultAsset.code,
      };
      started.add(await startWalletsService({ ...guard, address: config.walletService, log, ready, ...wallets }));
      urls['wallets'] = urlOf('grpc', config.walletService);
    }
    if (demo && isFirst && chosen.includes('api')) demoToken = await openDemo(database, ledger, sessions);
    const { peers } = config;
    const requests = new Requests(database.pool, metadata);
    const waiting = { pool: database.pool, log, approvals, commands, queries, requests, assets: ledger.assets };
    const approvalRunner = openApprovalRunner(waiting);
    const broker = await openBroker({ peers, url: database.url, pool: database.pool, ledger, log, metadata, notifier });
    started.add(broker);
    if (chosen.includes('api')) {
      const { assets, chart } = ledger;
      const ready = () => ledger.ready;
      const projections = () => projectionStatus(database.pool, ledger);
      const ahead = cachedRead(async () => marksAhead(await projections()));
      const faults = async () => [
        ...(safety.fault === null ? [] : [safety.fault]),
        ...ledger.faults(),
        ...ledger.warnings(),
        ...missingWorkers(link),
        ...(ready() ? ((await ahead()) ?? []) : []),
      ];
      const tail = new LogTail({ ledger, log, metadata, listen: notifier.listen });
      started.add(tail);
      const webhooks = new Webhooks({ pool: database.pool, ledger, allowPrivate: config.peers.privateWebhooks, metadata });
      const publishing = { tail, webhooks, requests, approvals, approvalRunner };
      await prepareFactors(people.factors, log);
      const insights = openInsights(database.pool, ledger);
      const product = {
        live: config.live,
        commands,
        queries,
        find,
        assets,
        chart,
        reports,
        defaultAsset: defaultAsset.code,
        projections,
        setAsides: openSetAsides({ config, log, database, ledger }),
        ...publishing,
        deadLetters: broker.deadLetters,
        ...people,
        insights,
        ready,
        faults,
        demo,
        swaggerEnabled: config.swaggerEnabled,
        securityContact: config.securityContact,
        corsOrigins: config.corsOrigins,
        trustedProxies: config.trustedProxies,
        log,
        observation,
        ...(link && { workers: () => link.live, metricsOfAll: () => link.metrics() }),
      };
      const api = await listenHttp(product, config.http, tls);
      started.add(api);
      // Stopped before the API, so that waiting requests do not delay the shutdown.
      started.add(requests);
      urls['api'] = api.url;
    }
    if (chosen.includes('worker'))
      started.add(
        await startWorker({ ...foundation, config, log, ledger, metadata, commands, users, reviews, broker, metrics, approvalRunner }),
      );
  }
  if (chosen.includes('users') && isFirst) started.add(keepRepaired(users, log));

  return {
    urls,
    auth: config.auth,
    documentation: urls['api'] !== undefined && config.swaggerEnabled ? `${urls['api']}/docs` : null,
    dataIn: database.location,
    demoToken,
    processes: 1,
    metrics: () => metrics.text(),
    stop: () => started.stop(),
  };
}

function missingWorkers(link: WorkerLink | undefined): string[] {
  if (!link) return [];
  const { live, of } = link.live;
  return live < of ? [`Only ${live} of ${of} worker processes serve; the others are starting.`] : [];
}

function previousCredentials({ previousInternalSecret }: Config): string[] {
  return previousInternalSecret === undefined ? [] : [internalCredentialOf(previousInternalSecret)];
}

const demoUserId = '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32';

/** Seeds the demo data, and returns a token to try it with. */
async function openDemo(database: Database, ledger: Ledger, sessions: Sessions): Promise<string | null> {
  await seedDemo(database.pool, ledger);
  const alice = await sessions.loginDemo(demoUserId);
  return 'token' in alice ? alice.token : null;
}

/** Seeds the demo data into a database that is running or can be started; safe to repeat. */
export async function seed(config: Config, log: Log): Promise<void> {
  await withDatabase({ config, log }, { whenRunning: 'join' }, async (database) => {
    const ledger = await openLedger({ url: database.url, log, books: config.books, peers: { owns: 'last' } });
    await seedDemo(database.pool, ledger).finally(() => ledger.stop());
  });
}

async function openCacheOf({ peers }: Config, database: Database, log: Log): Promise<OpenedCache> {
  const { redisUrl, cachedReads } = peers;
  return await openCache({ redisUrl, cachedReads, pool: database.pool, namespace: await identityOf(database.pool), log });
}

/** Started parts, to be stopped in reverse order. */
class Started {
  readonly #parts: { stop(): Promise<unknown> }[] = [];

  add(part: { stop(): Promise<unknown> }): void {
    this.#parts.push(part);
  }

  async stop(): Promise<void> {
    for (const part of this.#parts.splice(0).toReversed()) await part.stop();
  }
}

async function isAnswering(database: Database): Promise<boolean> {
  return await database.pool.query('select 1').then(
    () => true,
    () => false,
  );
}

const wildcards = ['0.0.0.0', '::'];

/** A wildcard listener is reached on loopback. */
function reachable({ host, port }: Address): Address {
  if (!wildcards.includes(host)) return { host, port };
  return { host: host === '::' ? '::1' : '127.0.0.1', port };
}

function urlOf(scheme: string, { host, port }: { host: string; port: number }): string {
  return `${scheme}://${host}:${port}`;
}
