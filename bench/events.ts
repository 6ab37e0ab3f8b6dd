/**
 * (i) Events: from the log, through each broker, into the projections, by a worker in a separate process; while posting at full speed.
 * Processor time says what a transfer costs, also on a machine that is busy with other things.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createPool } from '../packages/coffer/src/database/index.ts';
import { openPostingNotifier, notifyingOnCommit } from '../packages/coffer/src/events/index.ts';
import { newId, silentLog } from '../packages/coffer/src/kernel/index.ts';
import type { Ledger, LedgerObserver } from '../packages/coffer/src/ledger/index.ts';
import { openFundedLedger, postingsPerSecond } from './posting.ts';
import { processorMs } from './processor-time.ts';
import type { Figures } from './report.ts';
import { startWorkerProcess } from './server-process.ts';
import { verifyDatabase } from './verified.ts';
import { walletCount, walletName } from './workload.ts';

/** A projection that reads every event and uses most of them. */
const projection = 'stats';
const steadyTransfersPerSecond = 1_000;
const sampleEveryMs = 20;
const noObserver: LedgerObserver = { batchCommitted: () => undefined, answered: () => undefined };

export type BrokerUnderTest = {
  /** `-events` and `-operations`: with a queue of a consumer that is bound to all events, or to all operations. */
  readonly name: 'built-in' | 'rabbitmq' | 'rabbitmq-events' | 'rabbitmq-operations';
  readonly settings: NodeJS.ProcessEnv;
  /** Of the broker, if it is one. */
  readonly pid?: number;
};

export async function eventFigures(
  where: { readonly url: string; readonly home: string; readonly seconds: number },
  broker: BrokerUnderTest,
  figures: Figures,
): Promise<void> {
  const { url, home, seconds } = where;
  const { name } = broker;
  const pool = createPool(url, silentLog());
  const notifier = openPostingNotifier({ url, pool, log: silentLog() });
  const ledger = await openFundedLedger(url, { observe: notifyingOnCommit(notifier, noObserver) });
  const marks = await Marks.open(url);
  try {
    figures.add(
      'events-posting-alone',
      '(i) posting, without a worker',
      'transfers/s',
      await postingsPerSecond(ledger, 'uniform', seconds),
    );
    const worker = await startWorkerProcess(url, home, broker.settings);
    try {
      await marks.caughtUp();
      const busy = marks.watch();
      const posting = await postingsPerSecond(ledger, 'uniform', seconds);
      const beside = await busy.end();
      figures.add(`events-posting-${name}`, `(i) posting, worker on, ${name}`, 'transfers/s', posting);
      figures.add(`events-beside-${name}`, `(i) events applied at the same time, ${name}`, 'events/s', beside.eventsPerSecond);
      figures.add(`events-beside-p50-${name}`, `(i) their lag, ${name}, p50`, 'ms', beside.lagMs(0.5));
      figures.add(`events-beside-p99-${name}`, `(i) their lag, ${name}, p99`, 'ms', beside.lagMs(0.99));

      const pids = [worker.pid, ...(broker.pid === undefined ? [] : [broker.pid])];
      const usedMs = () => pids.reduce((sum, pid) => sum + processorMs(pid), 0);
      const [draining, beforeMs] = [marks.watch(), usedMs()];
      await marks.caughtUp();
      const [drained, takenMs] = [await draining.end(), usedMs() - beforeMs];
      figures.add(`events-drain-${name}`, `(i) backlog drained afterwards, ${name}`, 'events/s', drained.eventsPerSecond);
      figures.add(`events-drain-entries-${name}`, `(i) the same in transfers, ${name}`, 'transfers/s', drained.entriesPerSecond);

      const what = `(i) processor time of worker and broker for it, ${name}`;
      figures.add(`events-drain-time-${name}`, what, 'µs/transfer', (takenMs * 1000) / drained.entries);

      const steady = marks.watch();
      await postSteadily(ledger, seconds);
      await marks.caughtUp();
      const steadily = await steady.end();
      figures.add(`events-lag-p50-${name}`, `(i) lag at ${steadyTransfersPerSecond} transfers/s, ${name}, p50`, 'ms', steadily.lagMs(0.5));
      figures.add(`events-lag-p99-${name}`, `(i) lag at ${steadyTransfersPerSecond} transfers/s, ${name}, p99`, 'ms', steadily.lagMs(0.99));
    } finally {
      await worker.stop();
    }
  } finally {
    await marks.close();
    await ledger.stop();
    await notifier.stop();
    await pool.end();
  }
  await verifyDatabase(url);
}

async function postSteadily(ledger: Ledger, seconds: number): Promise<void> {
  const perStep = steadyTransfersPerSecond / 100;
  const endMs = performance.now() + seconds * 1000;
  for (let nextMs = performance.now(); nextMs < endMs; nextMs += 10) {
    await sleep(Math.max(0, nextMs - performance.now()));
    await Promise.all(
      Array.from({ length: perStep }, async (_, at) => {
        const from = Math.floor(Math.random() * (walletCount - perStep)) + at;
        const sides = { debit: { wallet: walletName(from) }, credit: { wallet: walletName((from + 1) % walletCount) } };
        await ledger.post({ kind: 'transfer', key: newId(), amount: 1n, ...sides });
      }),
    );
  }
}

type Mark = { readonly atMs: number; readonly seq: number; readonly applied: number; readonly lagMs: number };
type Watched = {
  readonly entries: number;
  readonly eventsPerSecond: number;
  readonly entriesPerSecond: number;
  readonly lagMs: (quantile: number) => number;
};

/** The position of the projection, by the database's clock. */
class Marks {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<Marks> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new Marks(client);
  }

  async caughtUp(): Promise<void> {
    while ((await this.#read()).lagMs > 0) await sleep(sampleEveryMs);
  }

  /** Samples until it is ended. */
  watch(): { end(): Promise<Watched> } {
    const samples: Mark[] = [];
    let ended = false;
    const sampling = (async () => {
      while (!ended) {
        samples.push(await this.#read());
        await sleep(sampleEveryMs);
      }
    })();
    return {
      end: async () => {
        ended = true;
        await sampling;
        return summed(samples);
      },
    };
  }

  /** The lag is the age of the oldest entry whose events are not all applied. */
  async #read(): Promise<Mark> {
    const { rows } = await this.#client.query<{ seq: string; applied: string; lag_ms: number }>(
      `select p.seq, p.applied, coalesce((
         select extract(epoch from clock_timestamp() - e.recorded_at) * 1000 from ledger.entry e
         where e.book = 1 and e.seq > p.seq order by e.seq limit 1), 0)::float8 as lag_ms
       from projections.progress p join projections.projection a on a.name = p.projection and a.active_generation = p.generation
       where p.projection = $1 and p.book = 1`,
      [projection],
    );
    const [row] = rows;
    const atMs = performance.now();
    return row ? { atMs, seq: Number(row.seq), applied: Number(row.applied), lagMs: row.lag_ms } : { atMs, seq: 0, applied: 0, lagMs: 1 };
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}

function summed(samples: readonly Mark[]): Watched {
  const [first, last] = [samples[0], samples.at(-1)];
  const elapsedSeconds = first && last ? (last.atMs - first.atMs) / 1000 : Number.NaN;
  const lags = samples.map(({ lagMs }) => lagMs).toSorted((one, other) => one - other);
  return {
    entries: (last?.seq ?? 0) - (first?.seq ?? 0),
    eventsPerSecond: ((last?.applied ?? 0) - (first?.applied ?? 0)) / elapsedSeconds,
    entriesPerSecond: ((last?.seq ?? 0) - (first?.seq ?? 0)) / elapsedSeconds,
    lagMs: (quantile) => lags[Math.min(lags.length - 1, Math.floor(lags.length * quantile))] ?? Number.NaN,
  };
}
