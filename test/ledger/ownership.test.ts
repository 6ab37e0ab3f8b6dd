/** Several processes on one book: one owns it, the others hand their operations over. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerOptions } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { checkHistory } from '../support/history.ts';
import { startLoad } from '../support/load.ts';
import { seedOf } from '../support/seed.ts';
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
  const ledger = await openLedger({ url: inRole(database.url, 'writer'), log: silentLog(), patienceMs: 60_000, ...options });
  opened.push(ledger);
  return ledger;
}

async function close(ledger: Ledger): Promise<void> {
  opened.splice(opened.indexOf(ledger), 1);
  await ledger.stop();
}

async function owners(): Promise<{ book: number; term: number; process: string | null }[]> {
  const { rows } = await database.pool.query<{ book: number; term: number; process: string | null }>(
    'select book, term, process from ownership.lease order by book',
  );
  return rows;
}

async function expectWhole(): Promise<void> {
  const report = await verify(database.pool);
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
}

describe('three processes on one book', () => {
  it('the first owns it, the others hand over; when the owner leaves, another takes over, and every answer is in the log', async () => {
    const seed = seedOf('three processes');
    const [one, two, three] = [await open(), await open(), await open()];
    const [first] = await owners();
    expect(first).toMatchObject({ book: 1, term: 1 });
    const loads = [one, two, three].map((ledger, at) => startLoad(ledger, { seed: seed + at * 1_000, callers: 8, name: `process ${at}` }));
    const answers = () => loads.reduce((sum, { history }) => sum + history.filter(({ answeredAt }) => answeredAt !== null).length, 0);
    await until(() => answers() > 600, { what: 'answers', seen: () => `${answers()} came` });
    await loads[0]?.stop();
    await close(one);
    const before = answers();
    await until(() => answers() > before + 600, { what: 'answers after the owner left', seen: () => `${answers()} came` });
    for (const load of loads.slice(1)) await load.stop();
    const [second] = await owners();
    expect(second?.term).toBe(2);
    const summary = await checkHistory(
      loads.flatMap(({ history }) => history),
      database,
      1,
    );
    expect(summary.unknown).toBe(0);
    await expectWhole();
  }, 120_000);
});

describe('four books', () => {
  it('are spread over two processes, move back when one leaves, and post all the time', async () => {
    const one = await open({ books: 4 });
    const load = startLoad(one, { seed: seedOf('four books'), callers: 8, name: 'one' });
    const two = await open();
    const owned = (ledger: Ledger) => ledger.status().filter(({ isOwned }) => isOwned).length;
    const seen = () => `${owned(one)} and ${owned(two)}`;
    await until(() => owned(one) === 2 && owned(two) === 2, { what: 'two books each', seen });
    await close(two);
    await until(() => owned(one) === 4, { what: 'all four books', seen });
    await load.stop();
    expect(load.history.every(({ result }) => typeof result !== 'string')).toBe(true);
  });
});

describe('a process that owns no books', () => {
  it('waits for an owner, and says that nothing was done when none comes', async () => {
    const front = await open({ peers: { owns: 'none' }, patienceMs: 500 });
    expect(front.ready).toBe(false);
    const operation = {
      kind: 'deposit',
      key: 'k',
      debit: { system: 'cash_in' },
      credit: { wallet: 'w', opens: { owner: null, asset: 1, floor: 0n } },
      amount: 5n,
    } as const;
    await expect(front.post(operation)).rejects.toMatchObject({ name: 'LedgerUnavailable', outcome: 'not_done' });
    await open();
    await until(() => front.ready, { what: 'the owner', seen: () => JSON.stringify(front.status()) });
    expect(await front.post(operation)).toMatchObject({ status: 'posted', replayed: false });
    expect(front.status()).toMatchObject([{ book: 1, isOwned: false, term: 1 }]);
  });
});
