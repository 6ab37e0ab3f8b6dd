// Projections after the end of a log was lost and an operator accepted that: they hold effects of events that no longer exist.
import { expect, test, vi } from 'vitest';
import { statsProjection } from '../../packages/coffer/src/insights/index.ts';
import { createLog, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { beginEpoch } from '../../packages/coffer/src/ledger/index.ts';
import { marksAhead, projectionStatus, Projector, rebuild } from '../../packages/coffer/src/projections/index.ts';
import { changeAsOwner } from '../ledger/tampering.ts';
import { startLog } from '../support/projections.ts';

test('a projection that applied lost events stops and says so, and a rebuild heals it', async () => {
  const log = await startLog(11, 1);
  const lines: string[] = [];
  const heard = createLog({ level: 'error', pretty: false, destination: { write: (line) => void lines.push(line) } });
  const projections = [statsProjection];
  const project = async () => await Projector.start({ pool: log.pool, ledger: log.ledger, log: heard, projections, lookMs: 20 });
  const progress = async () => (await projectionStatus(log.pool, log.ledger))[0]?.books[0];
  const applied = async () => ({ behind: (await progress())?.behindEntries, ahead: (await progress())?.aheadEntries });

  await log.post(100);
  await log.post(100);
  let projector = await project();
  await vi.waitFor(async () => expect(await applied()).toEqual({ behind: 0, ahead: 0 }), { timeout: 60_000 });
  await projector.stop();

  // The process that posted is gone with its memory: a restore of the database, and the operator's word.
  await changeAsOwner(
    log.database,
    `delete from ledger.entry where seq > (select last_seq from ledger.batch order by batch_no desc offset 1 limit 1);
     delete from ledger.batch where batch_no = (select max(batch_no) from ledger.batch);
     select ledger.rebuild_newest(1)`,
  );
  const { rows } = await log.pool.query<{ after: number }>('select max(last_seq) as after from ledger.batch');
  const after = rows[0]?.after ?? 0;
  const mark = (await progress())?.seq ?? 0;
  expect(await applied()).toEqual({ behind: 0, ahead: mark - after });
  expect(await beginEpoch(log.database.pool, { book: 1, after, lostUntil: mark }, { reason: 'a restore', actor: 'test' })).toBe(true);
  await log.database.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'coffer book%'");
  expect(marksAhead(await projectionStatus(log.pool, log.ledger))).toHaveLength(1);

  projector = await project();
  await vi.waitFor(async () => expect(log.ledger.ready).toBe(true), { timeout: 60_000 });
  await log.post(50);
  await expect.poll(() => lines.filter((line) => line.includes('coffer rebuild stats')).length, { timeout: 60_000 }).toBeGreaterThan(0);
  expect((await progress())?.seq).toBe(mark);

  await rebuild({ ...log, log: silentLog(), projection: statsProjection, check: false });
  await projector.stop();
  projector = await project();
  await log.post(50);
  await vi.waitFor(async () => expect(await applied()).toEqual({ behind: 0, ahead: 0 }), { timeout: 60_000 });
  await projector.stop();
  expect((await rebuild({ ...log, log: silentLog(), projection: statsProjection, check: true })).differences).toEqual([]);
  await log.stop();
});
