/** `npm run bench`: Coffer compared with the floor and the usual way, on one PostgreSQL, in one run. */
import { Command } from 'commander';
import pg from 'pg';
import { Connection } from 'rabbitmq-client';
import { eventsExchange, operationsExchange } from '../packages/coffer/src/events/index.ts';
import { createTestDatabase } from '../test/support/database.ts';
import type { TestDatabase } from '../test/support/database.ts';
import { hasRabbitMq, startRabbitMq } from '../test/support/rabbitmq.ts';
import { startTestServer, temporaryHome } from '../test/support/server.ts';
import {
  floorRowsPerSecond,
  loneLatenciesMs,
  openFundedLedger,
  postingsInBooksPerSecond,
  postingsPerSecond,
  readsPerSecond,
} from './posting.ts';
import { bulkFigures } from './bulk.ts';
import { cacheFigures } from './cache.ts';
import { eventFigures } from './events.ts';
import { findFigures } from './find.ts';
import { Figures, keep, machineName, tableOf } from './report.ts';
import type { Comparison, Report } from './report.ts';
import { processFigures } from './processes.ts';
import { RowLockLedger } from './row-locks.ts';
import { transportFigures } from './transports.ts';
import { verifyDatabase } from './verified.ts';

const program = new Command('bench')
  .description(
    'Measures posting, REST, gRPC and reads, compared with the floor of the schema and with row locks. Takes about 15 minutes; --quick takes 2.',
  )
  .option('--rounds <count>', 'rounds of each measurement', '3')
  .option('--seconds <count>', 'seconds of each round', '5')
  .option('--quick', 'one round of two seconds, without the long ones: a smoke test, not to be quoted')
  .option(
    '--only <parts>',
    'comma-separated: posting, lone, reads, books, transports, processes, cache, bulk, events, find, growth, snapshot',
  )
  .option('--operations <count>', 'operations to find among', '10000000')
  .option('--json', 'print the report as JSON')
  .addHelpText('after', '\nExample:\n  npm run bench -- --only posting,lone --rounds 5\nResults are stored in bench/results/.')
  .parse();
const options = program.opts<{
  rounds: string;
  seconds: string;
  quick?: boolean;
  only?: string;
  operations: string;
  json?: boolean;
}>();
const rounds = options.quick ? 1 : Number(options.rounds);
const seconds = options.quick ? 2 : Number(options.seconds);
const wanted = (part: string) =>
  options.only ? options.only.split(',').includes(part) : !options.quick || !['find', 'growth', 'snapshot'].includes(part);

const figures = new Figures();
const server = await startTestServer({ asInProduction: true });
try {
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    if (wanted('posting') || wanted('lone') || wanted('reads')) await measurePosting();
    if (wanted('books')) await measureBooks();
    if (wanted('transports')) await withDatabase((database) => transportFigures(database.url, temporaryHome(), seconds, figures));
    if (wanted('processes')) await withDatabase((database) => processFigures(database.url, temporaryHome(), seconds, figures));
    if (wanted('cache')) await withDatabase((database) => cacheFigures(database.url, temporaryHome(), seconds, figures));
    if (wanted('bulk')) await withDatabase((database) => bulkFigures(database.url, temporaryHome(), seconds, figures));
    if (wanted('events')) await measureEvents();
    // Once: posting ten million operations takes most of the time.
    if (wanted('find') && round === 1) await withDatabase((database) => findFigures(database.url, Number(options.operations), figures));
    if (wanted('growth')) await measureGrowth();
    // Once: it takes four minutes, and already has three figures.
    if (wanted('snapshot') && round === 1) await measureSnapshot();
  }
  const report = await makeReport();
  const file = options.quick || options.only ? null : keep(report);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${tableOf(report)}\n${file ? `\nKept in ${file}\n` : ''}`);
} finally {
  await server.stop();
}

/** (a) the floor, (b) row locks, (c) posting, (e) a lone caller, (f) reads. Coffer and the baseline alternate. */
async function measurePosting(): Promise<void> {
  await withDatabase(async (database) => {
    const baseline = await RowLockLedger.open(database.url);
    const ledger = await openFundedLedger(database.url);
    if (wanted('posting')) {
      figures.add(
        'rowlocks-uniform',
        '(b) row locks, 32 clients, uniform',
        'transfers/s',
        await baseline.transfersPerSecond('uniform', seconds),
      );
      figures.add(
        'posting-uniform',
        '(c) posting, 500 in flight, uniform',
        'transfers/s',
        await postingsPerSecond(ledger, 'uniform', seconds),
      );
      figures.add(
        'rowlocks-hot',
        '(b) row locks, 32 clients, one hot wallet',
        'transfers/s',
        await baseline.transfersPerSecond('hot', seconds),
      );
      figures.add(
        'posting-hot',
        '(c) posting, 500 in flight, one hot wallet',
        'transfers/s',
        await postingsPerSecond(ledger, 'hot', seconds),
      );
    }
    if (wanted('lone')) {
      const [rowLocks50 = 0, rowLocks99 = 0] = await baseline.loneLatenciesMs(1_000);
      const [posting50 = 0, posting99 = 0] = await loneLatenciesMs(ledger, 1_000);
      figures.add('rowlocks-p50', '(e) lone row-lock transaction, p50', 'ms', rowLocks50);
      figures.add('rowlocks-p99', '(e) lone row-lock transaction, p99', 'ms', rowLocks99);
      figures.add('posting-p50', '(e) lone posting, p50', 'ms', posting50);
      figures.add('posting-p99', '(e) lone posting, p99', 'ms', posting99);
    }
    if (wanted('reads')) {
      figures.add('rowlocks-reads', '(f) balance reads, a query each, 32 clients', 'reads/s', await baseline.readsPerSecond(seconds));
      figures.add('ledger-reads', '(f) balance reads, 500 in flight', 'reads/s', await readsPerSecond(ledger, seconds));
    }
    await baseline.check();
    await baseline.close();
    await ledger.stop();
    await verifyDatabase(database.url);
    if (wanted('posting'))
      figures.add('floor', '(a) the floor: bulk insert of the same rows', 'rows/s', await floorRowsPerSecond(database.url));
  });
}

/** (h) The same transfers in one book and spread over four, each with its own writer in this one process. */
async function measureBooks(): Promise<void> {
  for (const books of [1, 4]) {
    await withDatabase(async (database) => {
      const ledger = await openFundedLedger(database.url, { books });
      const name = `(h) posting, 500 in flight, ${books} ${books === 1 ? 'book' : 'books'}`;
      figures.add(`books-${books}`, name, 'transfers/s', await postingsInBooksPerSecond(ledger, seconds));
      await ledger.stop();
      await verifyDatabase(database.url);
    });
  }
}

/** (i) Each broker on its own database. RabbitMQ is measured where it is installed. */
async function measureEvents(): Promise<void> {
  await withDatabase((database) =>
    eventFigures({ url: database.url, home: temporaryHome(), seconds }, { name: 'built-in', settings: {} }, figures),
  );
  if (!hasRabbitMq) return void process.stderr.write('  RabbitMQ is not installed: left out\n');
  // A consumer's queue is filled and not read: what it does is not Coffer's.
  const consumers = { rabbitmq: null, 'rabbitmq-operations': operationsExchange, 'rabbitmq-events': eventsExchange };
  for (const name of ['rabbitmq', 'rabbitmq-operations', 'rabbitmq-events'] as const) {
    const rabbitmq = await startRabbitMq();
    try {
      const exchange = consumers[name];
      if (exchange) await bindQueue(rabbitmq.url, exchange);
      const broker = { name, settings: { RABBITMQ_URL: rabbitmq.url }, pid: rabbitmq.pid };
      await withDatabase((database) => eventFigures({ url: database.url, home: temporaryHome(), seconds }, broker, figures));
    } finally {
      await rabbitmq.stop();
    }
  }
}

async function bindQueue(url: string, exchange: string): Promise<void> {
  const connection = new Connection(url);
  const channel = await connection.acquire();
  const queue = 'bench.consumer';
  await channel.exchangeDeclare({ exchange, type: 'topic', durable: true });
  await channel.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.queueBind({ queue, exchange, routingKey: '#' });
  await connection.close();
}

/** (g) the first seconds on empty tables, and with a million transfers in them. */
async function measureGrowth(): Promise<void> {
  await withDatabase(async (database) => {
    const ledger = await openFundedLedger(database.url);
    figures.add('posting-empty', '(g) posting, first 3 s on empty tables', 'transfers/s', await postingsPerSecond(ledger, 'uniform', 3, 0));
    const lastSeq = async () => (await ledger.read.balance('w0'))?.asOfSeq ?? 0;
    while ((await lastSeq()) < 1_000_000) await postingsPerSecond(ledger, 'uniform', 2, 0);
    figures.add(
      'posting-million',
      '(g) posting, a million transfers in the table',
      'transfers/s',
      await postingsPerSecond(ledger, 'uniform', seconds),
    );
    await ledger.stop();
    await verifyDatabase(database.url);
  });
}

/**
 * (g) A minute of posting, alone and while another session holds a snapshot open. Both begin on fresh tables, so both grow alike; each
 * third of the minute is a separate figure.
 */
async function measureSnapshot(): Promise<void> {
  for (const held of [false, true]) {
    await withDatabase(async (database) => {
      const ledger = await openFundedLedger(database.url);
      const other = new pg.Client({ connectionString: database.url });
      await other.connect();
      if (held) {
        await other.query('begin isolation level repeatable read');
        await other.query('select count(*) from ledger.entry');
      }
      for (let third = 0; third < 3; third++) {
        const rate = await postingsPerSecond(ledger, 'hot', 20, 0);
        if (held) figures.add('minute-snapshot', '(g) a minute of posting, one hot wallet, a snapshot held open', 'transfers/s', rate);
        else figures.add('minute-alone', '(g) a minute of posting, one hot wallet', 'transfers/s', rate);
      }
      await other.end();
      await ledger.stop();
      await verifyDatabase(database.url);
    });
  }
}

async function withDatabase(work: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await createTestDatabase(server.url);
  try {
    await work(database);
  } finally {
    await database.drop();
  }
}

async function makeReport(): Promise<Report> {
  const comparisons: Comparison[] = [];
  const compare = (what: string, one: string, other: string, goal = '', holds: ((ratio: number) => boolean) | null = null) => {
    if (!figures.has(one) || !figures.has(other)) return;
    const ratio = figures.median(one) / figures.median(other);
    comparisons.push({ what, ratio, goal, reached: holds && holds(ratio) });
  };
  compare('posting uniform / floor', 'posting-uniform', 'floor', '≥ 0.6', (ratio) => ratio >= 0.6);
  compare('posting uniform / row locks uniform', 'posting-uniform', 'rowlocks-uniform', '≥ 8', (ratio) => ratio >= 8);
  compare('posting hot / row locks hot', 'posting-hot', 'rowlocks-hot', '≥ 25', (ratio) => ratio >= 25);
  compare('posting hot / posting uniform', 'posting-hot', 'posting-uniform', '≥ 1', (ratio) => ratio >= 1);
  compare('lone posting p50 / lone row locks p50', 'posting-p50', 'rowlocks-p50', '≤ 1.5', (ratio) => ratio <= 1.5);
  for (const connections of [64, 256]) {
    compare(
      `REST, ${connections} connections / row locks uniform`,
      `rest-${connections}`,
      'rowlocks-uniform',
      '≥ 4',
      (ratio) => ratio >= 4,
    );
    compare(
      `gRPC, ${connections} connections / row locks uniform`,
      `grpc-${connections}`,
      'rowlocks-uniform',
      '≥ 4',
      (ratio) => ratio >= 4,
    );
  }
  for (const connections of [64, 256]) {
    compare(`gRPC, ${connections} connections / the bare gRPC library`, `grpc-${connections}`, `grpc-bare-${connections}`);
  }
  compare('posting in 4 books / in 1 book', 'books-4', 'books-1');
  for (const count of [2, 3])
    compare(`REST, ${count} processes / one process`, `processes-${count}`, 'processes-1', '≥ 1.2', (ratio) => ratio >= 1.2);
  for (const ms of [2, 10])
    compare(
      `REST, 2 processes / one, ${ms} ms to the database`,
      `processes-2-${ms}ms`,
      `processes-1-${ms}ms`,
      '≥ 0.95',
      (ratio) => ratio >= 0.95,
    );
  compare('gRPC stream / posting in process', 'grpc-stream', 'bulk-posting', '≥ 0.8', (ratio) => ratio >= 0.8);
  compare('REST batches / posting in process', 'rest-batch', 'bulk-posting');
  for (const broker of ['built-in', 'rabbitmq', 'rabbitmq-operations', 'rabbitmq-events']) {
    compare(
      `posting with the worker, ${broker} / without`,
      `events-posting-${broker}`,
      'events-posting-alone',
      '≥ 0.8',
      (ratio) => ratio >= 0.8,
    );
    compare(
      `backlog drained, ${broker}, in transfers / REST, 64 connections`,
      `events-drain-entries-${broker}`,
      'rest-64',
      '≥ 2',
      (ratio) => ratio >= 2,
    );
  }
  compare('posting on empty tables / posting uniform', 'posting-empty', 'posting-uniform', '≥ 0.9', (ratio) => ratio >= 0.9);
  compare('posting after a million / posting uniform', 'posting-million', 'posting-uniform', '≥ 0.9', (ratio) => ratio >= 0.9);
  compare('a minute with a snapshot held / alone', 'minute-snapshot', 'minute-alone', '≥ 0.9', (ratio) => ratio >= 0.9);

  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const version = await client.query<{ version: string }>("select 'PostgreSQL ' || split_part(version(), ' ', 2) as version");
  await client.end();
  return {
    date: new Date().toISOString(),
    machine: machineName(),
    node: process.version,
    postgres: version.rows[0]?.version ?? 'PostgreSQL',
    rounds,
    secondsPerRound: seconds,
    figures: figures.all(),
    comparisons,
  };
}
