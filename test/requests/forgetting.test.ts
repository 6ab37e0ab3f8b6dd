import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { forgetOldRequests } from '../../packages/coffer/src/requests/index.ts';
import { startWorking } from './working.ts';
import type { Working } from './working.ts';

let coffer: Working;
beforeAll(async () => {
  coffer = await startWorking();
  await coffer.call('POST', '/wallet/w1/deposit', { amount: 1_000 });
});
afterAll(async () => await coffer.stop());

async function finished(requestId: string, payout: 'none' | 'approval' = 'none'): Promise<string> {
  const worker = coffer.work({ payout: payout === 'none' ? { kind: 'none' } : { kind: 'approval', timeoutSeconds: 60 } });
  const id = String((await coffer.later('/wallet/w1/withdraw', { amount: 5, requestId }))['id']);
  if (payout === 'approval') {
    await coffer.until(id, 'awaiting_approval');
    await coffer.call('POST', `/requests/${id}/approve`, { reason: 'looked into' });
  }
  await coffer.until(id, 'completed');
  await worker.stop();
  return id;
}

const age = async (ids: readonly string[], days: number) =>
  await coffer.pool.query(
    `update requests.request set finished_at = finished_at - make_interval(days => $2), created_at = created_at - make_interval(days => $2)
     where id = any($1::uuid[])`,
    [ids, days],
  );
const left = async () => (await coffer.pool.query<{ id: string }>('select id from requests.request order by id')).rows.map(({ id }) => id);
const forget = (keepDays: number, atOnce: number) =>
  forgetOldRequests({ pool: coffer.pool, log: silentLog(), keepDays, atOnce, everyMs: 20 });

it('old finished requests are deleted with their lines; recent and unfinished ones stay', async () => {
  const [old, older, young] = [await finished('old'), await finished('older', 'approval'), await finished('young')];
  const waits = String((await coffer.later('/wallet/w1/withdraw', { amount: 5, requestId: 'waits' }))['id']);
  await age([old, older], 400);
  await age([young], 398);
  await coffer.pool.query(`update requests.request set created_at = created_at - interval '900 days' where id = $1`, [waits]);
  const forgetting = forget(399, 1);
  await expect.poll(left).toEqual([young, waits].toSorted());
  await forgetting.stop();
  const { rows } = await coffer.pool.query('select distinct request as id from requests.attempt');
  expect(rows).toEqual([{ id: young }]);
  expect((await coffer.call('GET', `/requests/${old}`)).status).toBe(404);
});

it('the ledger answers the key of a deleted request: a posting is replayed, a payout is refused; nothing moves again', async () => {
  const before = await coffer.balance('w1');
  const posted = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 5, requestId: 'old', async: true });
  expect([posted.status, posted.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  const other = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 6, requestId: 'old', async: true });
  expect([other.status, other.body['code']]).toEqual([409, 'idempotency_key_reused']);
  const paidOut = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 5, requestId: 'older', async: true });
  expect([paidOut.status, paidOut.body['code']]).toEqual([409, 'idempotency_key_reused']);
  expect(await coffer.balance('w1')).toEqual(before);
});

it('requests of the last day are never deleted, and lines cannot be deleted by hand', async () => {
  const id = await finished('fresh');
  const { rows } = await coffer.pool.query(`select requests.forget_before(clock_timestamp() + interval '9 days', 100) as forgotten`);
  expect([rows, (await left()).includes(id)]).toEqual([[{ forgotten: 1 }], true]);
  await expect(coffer.pool.query('delete from requests.attempt')).rejects.toThrow('append-only');
  await expect(coffer.pool.query('update requests.attempt set number = 0')).rejects.toThrow('immutable');
});
