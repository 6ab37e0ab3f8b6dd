/**
 * Several processes of one `coffer start`: worker processes that serve and own the books, and this one, which starts them, starts them again,
 * and does the background work. They share the listening sockets through node:cluster.
 */
import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { WindowCounter } from '../cache/index.ts';
import { openDatabase } from '../database/index.ts';
import { assert, Backoff, OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { ProcessMetrics } from '../telemetry/index.ts';
import { announce } from './announce.ts';
import type { Config } from './config.ts';
import { startCoffer } from './main.ts';
import { numberVariable, workerName } from './process-link.ts';
import { services } from './running.ts';
import type { Duties, RunningCoffer } from './running.ts';
import type { FromWorker, LiveWorkers, Started, ToWorker } from './process-link.ts';

const restartPauses = { first: 100, most: 10_000 } as const;
/** A worker process that served this long did not end because of how it starts. */
const soundAfterMs = 30_000;
/**
 * A worker process that leaves this many questions in a row unanswered hangs, and is killed: half a minute. Questions are counted instead of
 * time, so that a machine that slept does not kill its workers.
 */
const alive = { everyMs: 3_000, unansweredMax: 10 } as const;
/** A scrape usually waits for ten seconds. */
const metricsWithinMs = 4_000;
/** Below the limit of the whole stop, which is 30 s. */
const stopWithinMs = 22_000;

/** Starts the worker processes, each with the services but the background work, which this process does. */
export async function startProcesses(config: Config, { services: chosen }: Duties, log: Log): Promise<RunningCoffer> {
  await announce(config, chosen, log);
  const everything = services.every((service) => chosen.includes(service));
  const database = await openDatabase(config, log, { whenRunning: everything ? 'refuse' : 'join' });
  const workers = new WorkerProcesses(config.workers, log);
  try {
    await warnOfConnections(config, database.pool, log);
    const first = await workers.start();
    const background = chosen.filter((service) => service === 'worker');
    const own = await startCoffer(config, { services: background, books: 'none' }, log, { database });
    workers.report(background.length > 0 ? 'background' : 'supervisor', own.metrics);
    return {
      ...first,
      processes: config.workers,
      metrics: own.metrics,
      stop: async () => {
        await own.stop();
        await workers.stop();
        await database.stop();
      },
    };
  } catch (failure) {
    await workers.stop();
    await database.stop();
    throw failure;
  }
}

/** What the pools of a process may take together. Each book needs 3 more, wherever it is owned. */
const connectionsPerWorker = 20;
const connectionsOfBackground = 40;

async function warnOfConnections({ workers }: Config, pool: Awaited<ReturnType<typeof openDatabase>>['pool'], log: Log): Promise<void> {
  const { rows } = await pool.query<{ allowed: number }>("select current_setting('max_connections')::integer as allowed");
  const needed = workers * connectionsPerWorker + connectionsOfBackground;
  const allowed = rows[0]?.allowed ?? needed;
  if (needed > allowed)
    log.warn(`${workers} worker processes may need ${needed} connections, but the database allows ${allowed}. Raise its max_connections.`);
}

type Member = { worker: Worker; isStarted: boolean; startedAtMs: number; unanswered: number; readonly backoff: Backoff };

class WorkerProcesses {
  readonly #count: number;
  readonly #log: Log;
  readonly #counter = new WindowCounter();
  readonly #members = new Map<number, Member>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #collecting = new Map<number, (report: ProcessMetrics) => void>();
  #own: (() => Promise<ProcessMetrics>) | null = null;
  #collections = 0;
  readonly #asking: NodeJS.Timeout;
  #isStopping = false;
  #firstStarted: Started | null = null;
  #firstStarts: { resolve(started: Started): void; reject(failure: unknown): void } | null = null;

  constructor(count: number, log: Log) {
    this.#count = count;
    this.#log = log;
    this.#asking = setInterval(() => this.#askAlive(), alive.everyMs);
  }

  get live(): LiveWorkers {
    return { live: [...this.#members.values()].filter(({ isStarted }) => isStarted).length, of: this.#count };
  }

  /** Resolves when all serve, with what the first says of itself. Throws if one ends before. */
  async start(): Promise<Started> {
    const { promise, resolve, reject } = Promise.withResolvers<Started>();
    this.#firstStarts = { resolve, reject };
    // Each accepts connections itself. Were they handed out from here, those on their way to a process that is killed would stay open, unanswered.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    for (let number = 1; number <= this.#count; number++) this.#fork(number, new Backoff(restartPauses));
    const started = await promise;
    this.#firstStarts = null;
    return started;
  }

  /** Adds the metrics of this process to those of the worker processes. */
  report(name: string, text: () => Promise<string>): void {
    this.#own = async () => ({ process: name, text: await text() });
  }

  /** Lets each finish its requests and give its books back; kills those that take too long. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#asking);
    for (const restart of this.#restarts) clearTimeout(restart);
    const members = [...this.#members.values()];
    const ended = members.map(async ({ worker }) => {
      if (worker.isDead()) return;
      await new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    });
    for (const { worker } of members) tell(worker, { kind: 'stop' });
    const timeout = setTimeout(() => {
      this.#log.warn('Worker processes did not stop in time and are killed. Nothing that was answered is lost.');
      for (const { worker } of members) worker.process.kill('SIGKILL');
    }, stopWithinMs);
    await Promise.all(ended);
    clearTimeout(timeout);
  }

  #fork(number: number, backoff: Backoff): void {
    const worker = cluster.fork({ [numberVariable]: String(number) });
    this.#members.set(number, { worker, isStarted: false, startedAtMs: performance.now(), unanswered: 0, backoff });
    worker.on('message', (message: FromWorker) => this.#hear(number, worker, message));
    worker.on('error', (failure) => this.#log.debug({ err: failure, worker: number }, 'Could not reach a worker process'));
    worker.once('exit', (code, signal) => this.#ended(number, { code, signal }));
  }

  /** One that has not started yet may be busy with its start. */
  #askAlive(): void {
    for (const [number, member] of this.#members) {
      if (!member.isStarted) continue;
      if (member.unanswered++ === alive.unansweredMax) {
        this.#log.error({ worker: number }, 'A worker process no longer answers and is killed. Nothing that was answered is lost.');
        member.worker.process.kill('SIGKILL');
      } else tell(member.worker, { kind: 'aliveAsked' });
    }
  }

  #hear(number: number, worker: Worker, message: FromWorker): void {
    const member = this.#members.get(number);
    if (member) member.unanswered = 0;
    if (message.kind === 'started') this.#started(number, message.started);
    if (message.kind === 'giveBack') this.#counter.giveBack(message.key);
    if (message.kind === 'metrics') this.#collecting.get(message.id)?.({ process: workerName(number), text: message.text });
    if (message.kind !== 'question') return;
    const { id, question } = message;
    if (question.what === 'take') {
      const { key, perWindow, windowMs } = question;
      return tell(worker, { kind: 'answer', id, answer: this.#counter.take(key, perWindow, windowMs) });
    }
    void this.#collect().then((answer) => tell(worker, { kind: 'answer', id, answer }));
  }

  #started(number: number, started: Started): void {
    const member = this.#members.get(number);
    assert(member, 'a worker process that starts is known');
    member.isStarted = true;
    this.#tellLive();
    if (number === 1) this.#firstStarted = started;
    if (this.#firstStarted && this.live.live === this.#count) this.#firstStarts?.resolve(this.#firstStarted);
  }

  #ended(number: number, how: { readonly code: number | null; readonly signal: string | null }): void {
    const member = this.#members.get(number);
    if (!member || this.#isStopping) return;
    const { isStarted, startedAtMs, backoff } = member;
    member.isStarted = false;
    this.#tellLive();
    if (this.#firstStarts) {
      const reason = how.signal ?? `exit code ${how.code ?? 'unknown'}`;
      return this.#firstStarts.reject(
        new OperatorError(`A worker process ended while it started (${reason}).`, 'Its own message is above.'),
      );
    }
    if (isStarted && performance.now() - startedAtMs > soundAfterMs) backoff.reset();
    this.#log.error({ worker: number, ...how }, 'A worker process ended; starting it again');
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      this.#fork(number, backoff);
    }, backoff.nextMs());
    this.#restarts.add(restart);
  }

  #tellLive(): void {
    const { live } = this;
    for (const { worker } of this.#members.values()) tell(worker, { kind: 'live', ...live });
  }

  /** The metrics of all processes that answer in time. */
  async #collect(): Promise<readonly ProcessMetrics[]> {
    const id = ++this.#collections;
    const serving = [...this.#members.values()].filter(({ isStarted }) => isStarted);
    const reports: ProcessMetrics[] = [];
    const { promise: all, resolve } = Promise.withResolvers<void>();
    const timeout = setTimeout(resolve, metricsWithinMs);
    const wanted = serving.length + (this.#own ? 1 : 0);
    const add = (report: ProcessMetrics) => {
      reports.push(report);
      if (reports.length === wanted) resolve();
    };
    this.#collecting.set(id, add);
    for (const { worker } of serving) tell(worker, { kind: 'metricsAsked', id });
    void this.#own?.().then(add, () => undefined);
    await all;
    clearTimeout(timeout);
    this.#collecting.delete(id);
    return reports.toSorted((one, other) => one.process.localeCompare(other.process, 'en', { numeric: true }));
  }
}

function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
