// A projection's mark beyond the end of the log makes every event look applied: it is reported, and a rebuild heals it.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBuiltIn } from '../../packages/coffer/src/events/index.ts';
import { fraudProjection, notificationsProjection, Reviews, statsProjection } from '../../packages/coffer/src/insights/index.ts';
import { createLog, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { marksAhead, projectionStatus, Projector, rebuild } from '../../packages/coffer/src/projections/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { webhookProjection } from '../../packages/coffer/src/webhooks/index.ts';
import { Recorder } from '../events/world.ts';
import { startLog, witness } from '../support/projections.ts';
import type { FollowedLog } from '../support/projections.ts';

const farAhead = 999_999_999;
let log: FollowedLog;
const projections: readonly Projection[] = [
  statsProjection,
  fraudProjection(),
  notificationsProjection(false),
  webhookProjection({ ownerOf: () => Promise.resolve(null) }),
];
let lines: string[] = [];
const heard = createLog({ level: 'error', pretty: false, destination: { write: (line) => void lines.push(line) } });

beforeAll(async () => {
  log = await startLog(7);
  await log.post(200);
});
afterAll(async () => {
  await log.stop();
});

const status = () => projectionStatus(log.pool, log.ledger);
/** By how many entries the projections are behind and ahead of the log, in all books. */
const lag = async () => (await status()).flatMap(({ books }) => books.map((book) => [book.behindEntries, book.aheadEntries]));
const atEnd = () => projections.flatMap(() => log.ledger.books.map(() => [0, 0]));

async function project(): Promise<Projector> {
  return await Projector.start({ pool: log.pool, ledger: log.ledger, log: heard, projections, lookMs: 20 });
}

describe('a mark beyond the end of the log', () => {
  test('cannot come from an event that the log does not have', async () => {
    const projector = await Projector.start({ pool: log.pool, ledger: log.ledger, log: silentLog(), projections: [witness('lied to')] });
    const [event] = await log.ledger.read.in({ book: 1 }).events(0, 0, 1);
    if (!event) throw new Error('the log has events');
    const forged = { event: { ...event, seq: farAhead, id: `1-${farAhead}-1` }, previous: null };
    await expect(projector.handle([forged])).rejects.toThrow('to which the mark of lied to moves');
    await projector.stop();
    const marks = await log.pool.query("select max(seq)::int as seq from projections.progress where projection = 'lied to'");
    expect(marks.rows).toEqual([{ seq: 0 }]);
    await log.database.pool.query("delete from projections.progress where projection = 'lied to'");
    await log.database.pool.query("delete from projections.projection where name = 'lied to'");
  });

  test('is logged once, reported by the status, not healed by a restart, and healed by a rebuild', async () => {
    let projector = await project();
    await vi.waitFor(async () => expect(await lag()).toEqual(atEnd()), { timeout: 60_000 });
    await projector.stop();
    await log.database.pool.query('update projections.progress set seq = $1, part = 1', [farAhead]);
    await log.database.pool.query('update insights.fraud_mark set seq = $1, part = 1', [farAhead]);
    expect(marksAhead(await status())).toContain(
      'The projection stats is ahead of the log of book 1 and applies nothing. Run: coffer rebuild stats.',
    );
    expect(await new Reviews(log.pool, () => Promise.resolve(false)).ofHold('1-1')).toBe('not evaluated yet');

    projector = await project();
    await log.post(50);
    const alarms = () => lines.filter((line) => line.includes('is ahead of the log')).length;
    await expect.poll(alarms).toBe(projections.length * log.ledger.books.length);
    expect((await lag()).every(([, ahead]) => Number(ahead) > 0)).toBe(true);

    for (const projection of projections) await rebuild({ ...log, log: silentLog(), projection, check: false });
    await log.post(50);
    await vi.waitFor(async () => expect(await lag()).toEqual(atEnd()), { timeout: 60_000 });
    await projector.stop();
    expect(marksAhead(await status())).toEqual([]);
    expect(await new Reviews(log.pool, () => Promise.resolve(false)).ofHold('1-1')).toBe('clear');
    expect(alarms()).toBe(projections.length * log.ledger.books.length);
    expect((await rebuild({ ...log, log: silentLog(), projection: statsProjection, check: true })).differences).toEqual([]);
  });
});

test('a queue whose position is beyond the end of the log starts again: every event arrives', async () => {
  const url = String(log.pool.options.connectionString);
  await log.database.pool.query(`insert into events.position (queue, book, seq) select 'wallet.events.worker', unnest($1::int[]), $2`, [
    log.ledger.books,
    farAhead,
  ]);
  lines = [];
  const broker = await openBuiltIn({ url, pool: log.pool, ledger: log.ledger, log: heard });
  const work = new Recorder();
  await broker.consume(work.handler);
  const { rows } = await log.pool.query<{ count: number }>('select count(*)::int as count from ledger.event');
  await expect.poll(() => work.ids.size).toBe(rows[0]?.count);
  await broker.stop();
  expect(lines.filter((line) => line.includes('beyond its end'))).toHaveLength(log.ledger.books.length);
});
