/** Books whose owner dies, stops or cannot be reached: others take over, and each operation has one effect and one answer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerOptions } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startProxy as startDatabaseProxy } from '../support/database-proxy.ts';
import { askForUnknown, checkHistory } from '../support/history.ts';
import type { History } from '../support/history.ts';
import { pause, startLoad } from '../support/load.ts';
import type { Load } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { startPoster } from '../support/posters.ts';
import type { Poster } from '../support/posters.ts';
import { startProxy } from '../support/proxy.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
const opened: Ledger[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((ledger) => ledger.stop()));
  await database.drop();
});

async function open(options: Partial<LedgerOptions> = {}): Promise<Ledger> {
  const ledger = await openLedger({ url: inRole(database.url, 'writer'), log: silentLog(), ...options });
  opened.push(ledger);
  return ledger;
}

/** The address of the process that owns the book, and its term. */
async function ownerOf(book: number): Promise<{ address: string; term: number }> {
  const { rows } = await database.pool.query<{ address: string; term: number }>(
    'select p.address, l.term from ownership.lease l join ownership.process p on p.id = l.process where l.book = $1',
    [book],
  );
  return rows[0] ?? { address: 'none', term: 0 };
}

async function expectOneEffectEach(history: History): Promise<void> {
  const summary = await checkHistory(history, database, 1);
  console.info(summary);
  // The writer that asks takes the book; a ledger that is still open would take it back.
  await Promise.all(opened.splice(0).map((ledger) => ledger.stop()));
  expect((await askForUnknown(history, database, 1)).unknown).toBe(0);
  const report = await verify(database.pool);
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
}

const answeredIn = ({ history }: Load) => history.filter(({ answeredAt }) => answeredAt !== null).length;

async function untilAnswered(load: Load, more: number): Promise<void> {
  const before = answeredIn(load);
  await until(() => answeredIn(load) >= before + more, { what: `${more} more answers`, seen: () => `${answeredIn(load) - before} came` });
}

describe('three processes post to one book', () => {
  let posters = new Map<string, Poster>();
  let seed = 0;
  const all: Poster[] = [];
  afterEach(() => {
    for (const poster of all.splice(0)) poster.signal('SIGKILL');
    posters = new Map();
  });

  async function start(name: string): Promise<void> {
    const port = await freePort();
    seed += 1_000;
    const poster = startPoster({ url: database.url, book: `ledger${port}`, name, seed, callers: 6, pauseMs: 20 });
    all.push(poster);
    posters.set(`127.0.0.1:${port}`, poster);
    await poster.untilAnswered(1);
  }

  async function owner(): Promise<{ poster: Poster; address: string; term: number }> {
    const { address, term } = await ownerOf(1);
    const poster = posters.get(address);
    if (!poster) throw new Error(`no process listens at ${address}`);
    return { poster, address, term };
  }

  it('the owner is killed twenty times', async () => {
    seed = seedOf('owners killed');
    const random = randomFrom(seed);
    for (const name of ['one', 'two', 'three']) await start(name);
    for (let kill = 0; kill < 20; kill++) {
      await pause(random() * 100);
      const { poster, address, term } = await owner();
      poster.signal('SIGKILL');
      posters.delete(address);
      await Promise.all([...posters.values()].map((other) => other.untilAnswered(20)));
      expect((await ownerOf(1)).term).toBe(term + 1);
      await start(`life ${kill}`);
    }
    await Promise.all([...posters.values()].map((poster) => poster.stop()));
    const { rows } = await database.pool.query<{ longest: number }>(`
      select extract(epoch from max(gap))::float as longest
      from (select recorded_at - lag(recorded_at) over (order by batch_no) as gap from ledger.batch where book = 1 and batch_no > 1) b`);
    console.info(`20 owners killed; the longest time without a batch: ${rows[0]?.longest.toFixed(2)} s`);
    await expectOneEffectEach(all.flatMap((poster) => poster.history()));
  }, 400_000);

  it('the owner is paused until it is replaced, and continues as one of the others, four times', async () => {
    seed = seedOf('owners paused');
    const random = randomFrom(seed);
    for (const name of ['one', 'two', 'three']) await start(name);
    for (let pauses = 0; pauses < 4; pauses++) {
      await pause(random() * 100);
      const { poster, address, term } = await owner();
      poster.signal('SIGSTOP');
      const others = [...posters.entries()].flatMap(([at, other]) => (at === address ? [] : [other]));
      await until(async () => (await ownerOf(1)).term > term, { what: 'another owner', seen: () => `the term is still ${term}` });
      await Promise.all(others.map((other) => other.untilAnswered(20)));
      poster.signal('SIGCONT');
      await poster.untilAnswered(20);
      expect((await ownerOf(1)).address).not.toBe(address);
    }
    await Promise.all([...posters.values()].map((poster) => poster.stop()));
    await expectOneEffectEach(all.flatMap((poster) => poster.history()));
  }, 400_000);
});

describe('a process that cannot reach the owner', () => {
  it.each([
    ['its requests do not arrive', 'holdRequests'],
    ['the answers do not arrive', 'holdAnswers'],
  ] as const)('%s: nothing is done twice, and afterwards it goes on', async (_, fault) => {
    const port = await freePort();
    const proxy = await startProxy({ host: '127.0.0.1', port });
    const owner = await open({ peers: { listen: { host: '127.0.0.1', port }, advertise: proxy.address } });
    const other = await open({ patienceMs: 5_000 });
    const loads = [owner, other].map((ledger, at) =>
      startLoad(ledger, { seed: seedOf(fault) + at * 1_000, callers: 6, pauseMs: 20, name: `${fault} ${at}` }),
    );
    const [here, there] = loads as [Load, Load];
    try {
      await untilAnswered(there, 50);
      for (let times = 0; times < 3; times++) {
        proxy[fault]();
        await untilAnswered(here, 50);
        const { faults } = proxy;
        await until(() => proxy.faults > faults, { what: 'a fault', seen: () => 'none' });
        if (times === 2)
          await until(() => there.history.some(({ result }) => result === 'unknown' || result === 'not_done'), {
            what: 'a caller that gives up',
            seen: () => 'none did',
          });
        proxy.heal();
        await untilAnswered(there, 50);
        proxy.cut();
        await untilAnswered(there, 50);
      }
    } finally {
      await Promise.all(loads.map((load) => load.stop()));
      await proxy.stop();
    }
    expect((await ownerOf(1)).term).toBe(1);
    await expectOneEffectEach(loads.flatMap(({ history }) => history));
  });
});

describe('an owner that cannot reach the database', () => {
  it('is replaced, and hands its operations over when it can again', async () => {
    const proxy = await startDatabaseProxy(inRole(database.url, 'writer'));
    const owner = await open({ url: proxy.url, patienceMs: 5_000 });
    const other = await open();
    const loads = [owner, other].map((ledger, at) =>
      startLoad(ledger, { seed: seedOf('cut off') + at * 1_000, callers: 6, pauseMs: 20, name: `cut off ${at}` }),
    );
    const [here, there] = loads as [Load, Load];
    try {
      await untilAnswered(there, 50);
      proxy.judge = () => 'hold';
      await until(async () => (await ownerOf(1)).term === 2, { what: 'another owner', seen: () => 'none' });
      await untilAnswered(there, 50);
      proxy.judge = null;
      proxy.release();
      await untilAnswered(here, 50);
    } finally {
      proxy.judge = null;
      proxy.release();
      await Promise.all(loads.map((load) => load.stop()));
    }
    await expectOneEffectEach(loads.flatMap(({ history }) => history));
    await proxy.stop();
  });
});
