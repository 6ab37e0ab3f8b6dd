/** A ledger of two books with a broker behind it, of either kind, and consumers that record their deliveries. */
import type pg from 'pg';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { openBroker, openPostingNotifier, notifyingOnCommit } from '../../packages/coffer/src/events/index.ts';
import type { Broker, Consumer, Delivery, PostingNotifier, Handler } from '../../packages/coffer/src/events/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerEvent, Operation } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

export type EventWorld = {
  readonly database: TestDatabase;
  readonly ledger: Ledger;
  readonly notifier: PostingNotifier;
  readonly pool: pg.Pool;
  /** A broker as in another process: with its own pool and connections. */
  broker(rabbitmqUrl: string | undefined): Promise<Broker>;
  /** Posts `count` deposits into new wallets of both books; returns the ids of their events. */
  post(count: number): Promise<string[]>;
  log(): Promise<LedgerEvent[]>;
  /** Every started relay and consumer; stopping one twice has no effect. */
  readonly running: Consumer[];
  stop(): Promise<void>;
};

const silent = { answered: () => undefined, batchCommitted: () => undefined };

export async function startWorld(): Promise<EventWorld> {
  const database = await createTestDatabase();
  const url = inRole(database.url, 'writer');
  const pool = createPool(url, silentLog());
  const notifier = openPostingNotifier({ url, pool, log: silentLog() });
  const ledger = await openLedger({ url, log: silentLog(), books: 2, patienceMs: 60_000, observe: notifyingOnCommit(notifier, silent) });
  const brokers: { stop(): Promise<void> }[] = [];
  const running: Consumer[] = [];
  const noted = async (starting: Promise<Consumer>): Promise<Consumer> => {
    const part = await starting;
    const stoppable = { stop: once(() => part.stop()) };
    running.push(stoppable);
    return stoppable;
  };
  let posted = 0;
  return {
    database,
    ledger,
    running,
    notifier,
    pool,
    broker: async (rabbitmqUrl) => {
      const ownPool = createPool(url, silentLog());
      const opened = await openBroker({ peers: { rabbitmqUrl }, url, pool: ownPool, ledger, log: silentLog(), notifier });
      const stop = once(async () => {
        await opened.stop();
        await ownPool.end();
      });
      brokers.push({ stop });
      return {
        relay: () => noted(opened.relay()),
        consume: (handler) => noted(opened.consume(handler)),
        deadLetters: opened.deadLetters,
        stop,
        get status() {
          return opened.status;
        },
      };
    },
    post: async (count) => {
      const operations = Array.from({ length: count }, (): Operation => {
        const number = ++posted;
        const opens = { owner: null, asset: 1, floor: 0n };
        return { kind: 'deposit', key: `d${number}`, debit: { system: 'cash_in' }, credit: { wallet: `w${number}`, opens }, amount: 5n };
      });
      const outcomes = await ledger.postEach(operations);
      assert(
        outcomes.every(({ status }) => status === 'posted'),
        'what the test posts is posted',
      );
      return outcomes.map(({ seq, entry }) => `${entry?.book}-${seq}-1`);
    },
    log: async () => (await Promise.all(ledger.books.map((book) => wholeLog(ledger, book)))).flat(),
    stop: async () => {
      await Promise.all(brokers.map((broker) => broker.stop()));
      await notifier.stop();
      await ledger.stop();
      await pool.end();
      await database.drop();
    },
  };
}

async function wholeLog(ledger: Ledger, book: number): Promise<LedgerEvent[]> {
  const all: LedgerEvent[] = [];
  for (;;) {
    const { seq = 0, part = 0 } = all.at(-1) ?? {};
    const page = await ledger.read.in({ book }).events(seq, part, 5_000);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => (done ??= work());
}

/** Records every delivery; `fails` selects those to answer with `failed`. */
export class Recorder {
  readonly seen: Delivery[] = [];
  readonly ids = new Set<string>();
  readonly batches: string[][] = [];
  readonly handler: Handler;

  constructor(fails: (delivery: Delivery) => boolean = () => false) {
    this.handler = (batch) => {
      this.seen.push(...batch);
      for (const { event } of batch) this.ids.add(event.id);
      this.batches.push(batch.map(({ event }) => event.id));
      return Promise.resolve(batch.map((delivery) => (fails(delivery) ? 'failed' : 'done')));
    };
  }
}

export async function stopAll(parts: readonly Consumer[]): Promise<void> {
  for (const part of parts) await part.stop();
}
