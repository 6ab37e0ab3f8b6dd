import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { openBuiltIn } from '../../packages/coffer/src/events/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { statsKeeper } from '../../packages/coffer/src/insights/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { endWithTest } from '../support/children.ts';
import { pause } from '../support/load.ts';
import { deliveriesOf, startLog, witnessed } from '../support/projections.ts';
import type { FollowedLog } from '../support/projections.ts';
import { recount } from '../support/recount.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until, within } from '../support/until.ts';

const seed = seedOf('killed workers');
const random = randomFrom(seed);
let log: FollowedLog;

beforeAll(async () => {
  log = await startLog(seed);
  await log.post(300);
});
afterAll(async () => {
  await log.stop();
});

const points = [
  'delivered',
  'applied, not committed',
  'committed, the next projection not begun',
  'setting aside',
  'handled, not acknowledged',
] as const;
const lives = 25;

function startWorkerProcess(point: string, nth: number) {
  const script = path.join(import.meta.dirname, '../support/worker-process.ts');
  const child = spawn(process.execPath, [script, inRole(log.database.url, 'writer'), point, String(nth)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithTest(child);
  return { child, ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>, works: once(child.stdout, 'data') };
}

/** Every fifth run ends at a random moment, the others at a fixed step. */
async function liveAndDie(life: number): Promise<string> {
  const point = life % 5 === 4 ? 'at random' : (points[(life + Math.floor(life / 5)) % points.length] ?? '');
  const { child, ended, works } = startWorkerProcess(point, 1 + Math.floor(random() * 2));
  const seen = () => (child.exitCode === null ? 'it lives' : `it ended with exit code ${child.exitCode}`);
  if (point === 'at random') {
    await within(works, { what: `the worker of life ${life} to begin`, seen });
    await pause(random() * 150);
    child.kill('SIGKILL');
  }
  const isOver = async () => {
    await log.post(10);
    return child.exitCode !== null || child.signalCode !== null;
  };
  await until(isOver, { what: `life ${life} to end at "${point}"`, seen, everyMs: 100, withinMs: 240_000 });
  expect(await ended).toEqual([null, 'SIGKILL']);
  return point;
}

async function expectCaughtUp(): Promise<void> {
  const all = await deliveriesOf(log.ledger);
  for (const book of log.ledger.books) {
    const ids = all.filter(({ event }) => event.book === book).map(({ event }) => event.id);
    expect(await witnessed(log.pool, 'well', book)).toEqual(ids);
    // A quarantined event comes later than its neighbours, and once.
    expect((await witnessed(log.pool, 'ill', book)).toSorted()).toEqual(ids.toSorted());
  }
  const keeper = statsKeeper(log.pool);
  for (const [key, totals] of await recount(log.database.pool)) {
    const [book = '', wallet = ''] = key.split(' ', 1).concat(key.slice(key.indexOf(' ') + 1));
    expect([key, await keeper.find(Number(book), wallet)]).toEqual([key, totals]);
  }
}

test(`a worker killed ${lives} times, at each step of its work, applies each event once, in order, and loses none`, async () => {
  const died = new Map<string, number>();
  for (let life = 0; life < lives; life++) {
    const point = await liveAndDie(life);
    died.set(point, (died.get(point) ?? 0) + 1);
  }
  const { child, ended } = startWorkerProcess('none', 1);
  const broker = await openBuiltIn({ url: inRole(log.database.url, 'writer'), pool: log.pool, ledger: log.ledger, log: silentLog() });
  const dead = await broker.deadLetters.count();
  await broker.deadLetters.replay('all');
  await vi.waitFor(expectCaughtUp, { timeout: 240_000, interval: 500 });
  expect((await log.pool.query('select from projections.set_aside')).rowCount).toBe(0);
  child.kill('SIGKILL');
  await ended;
  await broker.stop();

  const all = await deliveriesOf(log.ledger);
  console.info(
    `killed ${lives} workers (${[...died].map(([point, count]) => `${point}: ${count}`).join('; ')}); ${all.length} events, ${dead} dead letters replayed; 0 failures bounds the rate at 3/${lives}`,
  );
  expect([...died.keys()].toSorted()).toEqual([...points, 'at random'].toSorted());
  const report = await verify(log.database.pool);
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
}, 400_000);
