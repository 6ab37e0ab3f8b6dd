// Wires the parts that each CLI command works with, for the duration of the command.
import { Approvals, mayMake } from '../approvals/index.ts';
import type { ApprovalDecided } from '../approvals/index.ts';
import { insertAudited, readAuditHeads, verifyAudit } from '../audit/index.ts';
import type { AuditHead, AuditReport } from '../audit/index.ts';
import { emptyDatabase, migrate, openDatabase, removeEmbedded } from '../database/index.ts';
import type { Database, MigrationReport, OpenOptions } from '../database/index.ts';
import { BrokerUnavailable, openDeadLetters } from '../events/index.ts';
import type { DeadLetters } from '../events/index.ts';
import { ApiKeys } from '../identity/index.ts';
import { openInsights } from '../insights/index.ts';
import type { Insights } from '../insights/index.ts';
import { lineOf, readPublicKey, readShipped, readSigningKey } from '../evidence/index.ts';
import type { RejectedLine, ShippedLines } from '../evidence/index.ts';
import { inRequest, jsonWithoutSecrets, newId, OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import {
  beginEpoch,
  findLosses,
  forgetCheckpoints,
  ledgerIdOf,
  openLedgerReader,
  readBooks,
  readCheckpoints,
  readHeads,
  verify,
} from '../ledger/index.ts';
import type { Assets, Checkpoint, Loss, OwnedBook, ReadableLedger, VerifyOptions, VerifyReport } from '../ledger/index.ts';
import { countDataKeys, DataKeys } from '../metadata/index.ts';
import { eraseUser } from '../privacy/index.ts';
import type { Erased } from '../privacy/index.ts';
import { Requests } from '../requests/index.ts';
import { Webhooks } from '../webhooks/index.ts';
import { mayDo } from './approvals.ts';
import type { Config } from './config.ts';
import { vaultOf } from './metadata.ts';

/** What every command receives. */
export type Context = { readonly config: Config; readonly log: Log; readonly change?: Change | null };

/** What a command changes, for the audit. `operator`: the account of the operating system. */
export type Change = { readonly command: string; readonly input: object; readonly operator: string };

/** Most commands work while Coffer is running, and do not create a database. */
export const beside = { whenRunning: 'join', whenAbsent: 'refuse' } as const;

/** For read-only commands: the server refuses all writes. */
export const readOnly = { settings: { default_transaction_read_only: 'on' } } as const;

export async function withDatabase<T>(
  { config, log, change = null }: Context,
  options: OpenOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(config, log, options);
  try {
    if (!change) return await work(database);
    const startedAtMs = Date.now();
    const requestId = `cli-${newId()}`;
    const result = await inRequest({ requestId, actor: `cli:${change.operator}` }, async () => await work(database));
    if (config.observe.audit) await auditCommand(database, { ...change, requestId, startedAtMs }, log);
    return result;
  } finally {
    await database.stop();
  }
}

/** The change is made and recorded: that the row of the command is missing is a warning. */
type Ran = Change & { readonly requestId: string; readonly startedAtMs: number };

async function auditCommand({ pool }: Database, { command, input, operator, requestId, startedAtMs }: Ran, log: Log): Promise<void> {
  const row = {
    requestId,
    transport: 'cli',
    method: 'RUN',
    url: command,
    operation: null,
    body: jsonWithoutSecrets(input),
    headers: JSON.stringify({ operator }),
    clientIp: null,
    actor: 'cli',
    startedAtMs,
    status: 0,
    durationMs: Date.now() - startedAtMs,
    idempotencyKey: null,
    wallet: null,
    subject: null,
    operations: [],
  } as const;
  await insertAudited(pool, [row]).catch((failure: unknown) =>
    log.warn({ err: failure, command }, 'Could not write the audit row of this command'),
  );
}

/** With a read-only ledger: no command but `seed` posts. */
export async function withLedgerReader<T>(
  context: Context,
  options: Pick<OpenOptions, 'connectionsMax' | 'settings'>,
  work: (database: Database, ledger: ReadableLedger) => Promise<T>,
): Promise<T> {
  return await withDatabase(context, { ...beside, ...options }, async (database) => {
    const ledger = await openLedgerReader({ url: database.url, log: context.log });
    try {
      return await work(database, ledger);
    } finally {
      await ledger.stop();
    }
  });
}

/** Definitions can be added before the first start, so this creates the database if needed. */
export async function withDefinitions(context: Context, work: (ledger: ReadableLedger) => Promise<void>): Promise<void> {
  await withDatabase(context, { whenRunning: 'join' }, async ({ url }) => {
    const ledger = await openLedgerReader({ url, log: context.log });
    await work(ledger).finally(() => ledger.stop());
  });
}

/** `defaultAsset`: its code. */
export async function withAssets(
  context: Context,
  work: (parts: { readonly assets: Assets; readonly defaultAsset: string }) => Promise<void>,
): Promise<void> {
  await withDefinitions(context, async ({ assets }) => await work({ assets, defaultAsset: context.config.defaultAsset }));
}

export async function withRequests(context: Context, work: (requests: Requests) => Promise<void>): Promise<void> {
  await withDatabase(context, { ...beside, connectionsMax: 2 }, async ({ pool }) => {
    const requests = new Requests(pool, vaultOf(context.config, pool));
    await work(requests).finally(() => requests.stop());
  });
}

/** `approve`: by the command line, which is no person. A running worker carries out what is approved. */
export type ApprovalsAtHand = {
  readonly approvals: Approvals;
  readonly approve: (id: string, reason: string) => Promise<ApprovalDecided>;
};

export async function withApprovals(context: Context, work: (parts: ApprovalsAtHand) => Promise<void>): Promise<void> {
  await withDatabase(context, { ...beside, connectionsMax: 2 }, async ({ pool }) => {
    const approvals = new Approvals(pool, context.config.approvalHours, vaultOf(context.config, pool));
    const approve = async (id: string, reason: string) =>
      await approvals.approve(id, { actor: 'cli', reason }, async (approval) => await mayMake(pool, approval, mayDo));
    await work({ approvals, approve });
  });
}

/** Keys can be created before the first start, so this creates the database if needed. */
export async function withKeys(context: Context, work: (keys: ApiKeys) => Promise<void>): Promise<void> {
  await withDatabase(
    context,
    { whenRunning: 'join', connectionsMax: 2 },
    async ({ pool }) => await work(new ApiKeys(pool, context.config.keyLiveMs)),
  );
}

export async function eraseUserData(context: Context, id: string): Promise<Erased> {
  return await withDatabase(context, { ...beside, connectionsMax: 2 }, async ({ pool }) => await eraseUser(pool, id));
}

/** `keys`: how many are not erased. `unreadable`: how many no key of this process opens. */
export type Rewrapped = { readonly keys: number; readonly rewrapped: number; readonly unreadable: number };

/** Wraps all data keys with COFFER_DATA_KEY, which ends its rotation. Throws OperatorError if it is not set. */
export async function rewrapDataKeys(context: Context): Promise<Rewrapped> {
  const { keys } = context.config.metadata;
  if (!keys)
    throw new OperatorError(
      'COFFER_DATA_KEY is not set.',
      'Set COFFER_DATA_KEY and COFFER_DATA_KEY_PREVIOUS to the values that the other processes have.',
    );
  return await withDatabase(context, { ...beside, connectionsMax: 2 }, async ({ pool }) => {
    const done = await new DataKeys({ pool, ...keys }).rewrap();
    return { keys: await countDataKeys(pool), ...done };
  });
}

export async function withWebhooks(context: Context, work: (webhooks: Webhooks) => Promise<void>): Promise<void> {
  const allowPrivate = context.config.peers.privateWebhooks;
  await withLedgerReader(
    context,
    { connectionsMax: 2 },
    async ({ pool }, ledger) => await work(new Webhooks({ pool, ledger, allowPrivate, metadata: vaultOf(context.config, pool) })),
  );
}

export async function withInsights(context: Context, work: (insights: Insights) => Promise<void>): Promise<void> {
  await withLedgerReader(context, { connectionsMax: 3 }, async ({ pool }, ledger) => await work(openInsights(pool, ledger)));
}

export async function withDeadLetters(context: Context, work: (letters: DeadLetters) => Promise<void>): Promise<void> {
  const { config, log } = context;
  await withDatabase(context, { ...beside, connectionsMax: 2 }, async ({ pool }) => {
    const opened = await openDeadLetters({ peers: config.peers, pool, log, metadata: vaultOf(config, pool) });
    try {
      await work(opened.deadLetters);
    } catch (failure) {
      if (!(failure instanceof BrokerUnavailable)) throw failure;
      throw new OperatorError(
        `RabbitMQ does not answer: ${failure.message}.`,
        'Check RABBITMQ_URL and that RabbitMQ is running, then try again.',
      );
    } finally {
      await opened.stop();
    }
  });
}

/** As the reader role, which cannot change anything. */
export async function withReader<T>(
  context: Context,
  options: Pick<OpenOptions, 'connectionsMax'>,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return await withDatabase(context, { ...beside, ...options, as: 'reader' }, work);
}

export type Proofs = {
  readonly expected?: readonly Checkpoint[];
  readonly files: ShippedFiles;
};

/** Files of shipped checkpoints, and the file of the key that must have signed each line of them. */
export type ShippedFiles = { readonly shippedFiles?: readonly string[]; readonly publicKeyFile?: string | undefined };

function shippedIn({ shippedFiles = [], publicKeyFile }: ShippedFiles): ShippedLines {
  return readShipped(shippedFiles, publicKeyFile === undefined ? null : readPublicKey(publicKeyFile));
}

export type AuditProofs = { readonly expected: readonly AuditHead[]; readonly files: ShippedFiles };
export type AuditVerification = AuditReport & { readonly rejected: readonly RejectedLine[] };

const dayMs = 86_400_000;

/** Verifies the chains of the audit, against shipped heads and those that somebody expects. */
export async function verifyAuditTrail(context: Context, { expected, files }: AuditProofs): Promise<AuditVerification> {
  const { audit, rejected } = shippedIn(files);
  return await withDatabase(context, { ...beside, ...readOnly, connectionsMax: 1 }, async ({ pool, location }) => {
    await refuseWithoutLedger(pool, location);
    const keptSince = new Date(Date.now() - context.config.observe.auditDays * dayMs);
    const report = await verifyAudit(pool, { heads: [...audit, ...expected], keptSince });
    return { ...report, ok: report.ok && rejected.length === 0, rejected };
  });
}

/** Verifies the ledger against itself, the checkpoints in the home, shipped ones, and batches that somebody expects. */
export async function verifyLedger(
  context: Context,
  { expected = [], files, ...options }: Pick<VerifyOptions, 'onProgress'> & Proofs,
): Promise<VerifyReport> {
  const shipped = shippedIn(files);
  return await withReader(context, {}, async ({ pool, location }) => {
    await refuseWithoutLedger(pool, location);
    const checkpoints = [...(await readCheckpoints(context.config.home)), ...shipped.checkpoints, ...expected];
    return await verify(pool, { ...options, checkpoints, unsigned: shipped.rejected });
  });
}

async function refuseWithoutLedger(pool: Database['pool'], location: string): Promise<void> {
  const { rows } = await pool.query<{ found: boolean }>("select to_regclass('ledger.entry') is not null as found");
  if (!rows[0]?.found) throw new OperatorError(`There is no ledger in ${location}.`, 'Start Coffer once, or run: coffer migrate.');
}

/** The books and their owners. */
export async function booksOf(context: Context): Promise<OwnedBook[]> {
  return await withDatabase(context, { ...beside, ...readOnly, connectionsMax: 1 }, async ({ pool }) => await readBooks(pool));
}

/** The end of each book and of the audit as a line of JSON, signed if the settings have a key. */
export async function checkpointLines(context: Context): Promise<string[]> {
  const key = readSigningKey(context.config.checkpoints);
  return await withReader(context, { connectionsMax: 1 }, async ({ pool, location }) => {
    await refuseWithoutLedger(pool, location);
    return [...(await readHeads(pool)), ...(await readAuditHeads(pool))].map((head) => lineOf(head, key));
  });
}

/** The books whose log lacks what the home's checkpoints prove, and whose loss nobody accepted yet. */
export async function lossesOf(context: Context): Promise<Loss[]> {
  return await withReader(context, { connectionsMax: 2 }, async ({ pool }) => {
    const ledger = await ledgerIdOf(pool);
    const own = (await readCheckpoints(context.config.home)).filter((one) => one.ledger === null || one.ledger === ledger);
    return await findLosses(pool, own);
  });
}

/** Accepts losses: each book begins an epoch. */
export async function acceptLosses(
  context: Context,
  losses: readonly Loss[],
  decided: { readonly reason: string; readonly actor: string },
): Promise<void> {
  await withDatabase(context, { ...beside, as: 'migrator', connectionsMax: 1 }, async ({ pool }) => {
    for (const loss of losses) {
      if (await beginEpoch(pool, loss, decided)) continue;
      throw new OperatorError(
        `Book ${loss.book} was written to while its loss was being accepted.`,
        'Stop every process that posts without knowing of the loss (it has another COFFER_HOME), then run the command again.',
      );
    }
  });
}

export async function migrateDatabase(context: Context): Promise<MigrationReport> {
  return await withDatabase(context, { whenRunning: 'join', as: 'migrator' }, async ({ url }) => await migrate(url, context.log));
}

/** Deletes all data, and the home's record of it. Returns what was removed: folders, or schemas of the operator's database. */
export async function removeData({ config, log }: Context): Promise<string[]> {
  const { databaseUrl, migrationUrl, home } = config;
  const removed = databaseUrl === undefined ? await removeEmbedded({ home, log }) : await emptyDatabase(migrationUrl ?? databaseUrl);
  await forgetCheckpoints(home);
  return removed;
}
