// Pages while operations arrive, and a rebuild in the middle of load.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { findProjection } from '../../packages/coffer/src/find/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { Projector, rebuild } from '../../packages/coffer/src/projections/index.ts';
import { startFoundLog } from '../support/find.ts';
import type { FoundLog } from '../support/find.ts';

let log: FoundLog;
afterEach(() => log.stop());

async function everyId(): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await log.find.operations({}, {}, { limit: 37, cursor });
    assert(!('refusal' in page), 'the cursor is of this list');
    ids.push(...page.items.map(({ entry: { book, seq } }) => `${book}-${seq}`));
    cursor = page.next;
  }
  return ids;
}

test('pages have each operation once and in order, whatever arrives meanwhile, and none that is newer than the first page', async () => {
  log = await startFoundLog(5, 3);
  await log.post(300);
  await log.project();
  const before = await everyId();
  const { pool, ledger } = log;
  const projector = await Projector.start({ pool, ledger, log: silentLog(), projections: [findProjection], lookMs: 1 });
  let posting = true;
  const load = (async () => {
    while (posting) await log.post(20);
  })();
  for (let round = 0; round < 5; round++) {
    const ids = await everyId();
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(-before.length)).toEqual(before);
    const { rows } = await pool.query<{ id: string }>(
      `select e.book || '-' || e.seq as id from ledger.entry e join unnest($1::text[]) with ordinality as found (id, at) on found.id = e.book || '-' || e.seq
       order by e.recorded_at desc, e.book desc, e.seq desc`,
      [ids],
    );
    expect(ids).toEqual(rows.map(({ id }) => id));
    await sleep(1);
  }
  posting = false;
  await load;
  await projector.stop();
}, 120_000);

test('a rebuild in the middle of load has all of it, and equals what the worker wrote', async () => {
  log = await startFoundLog(6);
  await log.post(200);
  const { pool, ledger } = log;
  const projector = await Projector.start({ pool, ledger, log: silentLog(), projections: [findProjection], lookMs: 1 });
  const load = log.post(400);
  await rebuild({ pool, ledger, log: silentLog(), projection: findProjection, check: false });
  await load;
  await projector.stop();
  await log.project();
  const checked = await rebuild({ pool, ledger, log: silentLog(), projection: findProjection, check: true });
  expect(checked).toMatchObject({ differences: [], setAside: 0 });
  const { rows } = await pool.query<{ count: number }>(
    `select count(*) as count from ledger.entry where operation = seq and kind not in ('transfer_credit', 'transfer_complete', 'transfer_return')`,
  );
  expect(await everyId()).toHaveLength(rows[0]?.count ?? -1);
  const left = await pool.query<{ generations: number }>('select count(distinct generation) as generations from find.operation');
  expect(left.rows).toEqual([{ generations: 1 }]);
}, 120_000);
