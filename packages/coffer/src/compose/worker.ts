// Wires the worker: everything that happens after a posting.
import type { ApprovalRunner } from '../approvals/index.ts';
import { createPool } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import type { Broker } from '../events/index.ts';
import { accountMail, forgetOldLogins, keepAccountMailBounded } from '../identity/index.ts';
import type { Users } from '../identity/index.ts';
import { findProjection } from '../find/index.ts';
import {
  fraudProjection,
  keepNotificationsBounded,
  notificationMail,
  notificationsProjection,
  startFraudActions,
  statsProjection,
} from '../insights/index.ts';
import type { Reviews } from '../insights/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Ledger, ReadableLedger } from '../ledger/index.ts';
import { startMail } from '../mail/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import type { Commands } from '../operations/index.ts';
import { callOut } from '../outbound/index.ts';
import { Projector } from '../projections/index.ts';
import type { Projection } from '../projections/index.ts';
import { eraseDeletedUsers } from '../privacy/index.ts';
import { forgetOldRequests, startRequestRunner } from '../requests/index.ts';
import type { Metrics } from '../telemetry/index.ts';
import { SagaResumer } from '../wallets/index.ts';
import { Dispatcher, webhookProjection } from '../webhooks/index.ts';
import type { Config } from './config.ts';

export type WorkerParts = {
  readonly config: Config;
  readonly log: Log;
  readonly database: Database;
  readonly ledger: Ledger;
  readonly metadata: MetadataVault;
  readonly commands: Commands;
  readonly broker: Broker;
  readonly metrics: Metrics;
  readonly users: Users;
  readonly reviews: Reviews;
  readonly approvalRunner: ApprovalRunner;
};

/** Everything that projections may use; a rebuild provides only this. */
export type ProjectionParts = Pick<WorkerParts, 'config' | 'log' | 'database'> & {
  readonly ledger: ReadableLedger;
  /** Notifies the dispatcher that there may be something to send. */
  readonly wakeWebhooks?: () => void;
};

type Part = { stop(): Promise<unknown> };

/** Starts the background work. It stops in reverse order. */
export async function startWorker(parts: WorkerParts): Promise<Part> {
  // First, because it can abort the start if something it needs is not installed.
  const mail = await startMailOf(parts);
  const started: Part[] = [...mail, ...(await Promise.all(loopsOf(parts)))];
  // The loops' timers do not keep the process alive: a worker alone would exit while the database is unavailable.
  const stays = setInterval(() => undefined, 60_000);
  return {
    stop: async () => {
      clearInterval(stays);
      for (const part of started.toReversed()) await part.stop();
    },
  };
}

/** One line per loop: what starts it. */
function loopsOf(parts: WorkerParts): Promise<Part>[] {
  const { config, log, database, ledger, commands, metadata } = parts;
  const { pool } = database;
  const { mail } = config.peers;
  const webhooks = new Dispatcher({ pool, log, allowPrivate: config.peers.privateWebhooks, metadata });
  return [
    Promise.resolve(webhooks),
    workOnRequests(parts),
    Promise.resolve(forgetOldRequests({ pool, log, keepDays: config.requestDays })),
    followLog({ ...parts, wakeWebhooks: () => webhooks.wake() }),
    Promise.resolve(parts.approvalRunner.start()),
    Promise.resolve(new SagaResumer({ ledger, log })),
    Promise.resolve(startFraudActions({ pool, ledger, commands, mailed: mail !== undefined, log })),
    Promise.resolve(keepNotificationsBounded(pool, log)),
    Promise.resolve(keepAccountMailBounded(pool, log)),
    Promise.resolve(forgetOldLogins({ pool, log, keepDays: config.loginDays })),
    ...(config.eraseDays === null ? [] : [Promise.resolve(eraseDeletedUsers({ pool, log, afterDays: config.eraseDays }))]),
  ];
}

async function startMailOf({ config, database, users, log }: WorkerParts): Promise<Part[]> {
  const { mail } = config.peers;
  if (!mail) return [];
  const { pool } = database;
  const outboxes = [notificationMail(pool, async (userId) => await users.addressOf(userId)), accountMail(pool, config.accounts.publicUrl)];
  return await Promise.all(outboxes.map(async (outbox) => await startMail({ pool, mail, outbox, log })));
}

/** Runs asynchronous requests. */
async function workOnRequests({ config, log, database, ledger, commands, metadata, reviews }: WorkerParts): Promise<Part> {
  const { payout } = config.peers;
  return await Promise.resolve(startRequestRunner({ url: database.url, log, ledger, commands, metadata, payout, reviews, call: callOut }));
}

/** One line per projection of the event log. */
export function projectionsOf({ config, ledger, wakeWebhooks }: ProjectionParts): readonly Projection[] {
  const ownerOf = async (wallet: string) => (await ledger.read.balance(wallet))?.owner;
  return [
    statsProjection,
    fraudProjection(),
    notificationsProjection(config.peers.mail !== undefined),
    webhookProjection({ ownerOf, wake: wakeWebhooks }),
    findProjection,
  ];
}

/**
 * A worker process that is paused in the middle of a transaction must not block the others or a rebuild. A projection's
 * statements handle one batch of events, so they are short.
 */
const projectionPool = {
  connectionsMax: 8,
  applicationName: 'coffer projections',
  settings: { idle_in_transaction_session_timeout: '30s', statement_timeout: '1min' },
};

/** Relays the log's events to the broker, and the broker's deliveries to the projections. */
async function followLog(parts: WorkerParts & ProjectionParts): Promise<Part> {
  const { database, ledger, broker, metrics, log } = parts;
  const pool = createPool(database.url, log, projectionPool);
  metrics.watch({ deadLetters: () => broker.deadLetters.count() });
  const projector = await Projector.start({ pool, ledger, log, projections: projectionsOf(parts) });
  const relay = await broker.relay();
  const consumer = await broker.consume(projector.handle);
  return {
    stop: async () => {
      await consumer.stop();
      await relay.stop();
      await projector.stop();
      await pool.end();
    },
  };
}
