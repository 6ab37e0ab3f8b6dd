// Operators list and retry quarantined events of a projection over REST.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fraudProjection, statsProjection } from '../../packages/coffer/src/insights/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { Projector } from '../../packages/coffer/src/projections/index.ts';
import { person } from '../access/world.ts';
import { startWatched } from '../observe/watched.ts';
import type { Watched } from '../observe/watched.ts';
import type { Answer } from './product.ts';

let coffer: Watched;
let projector: Projector;
let operator: string;
let actor: string;
beforeAll(async () => {
  coffer = await startWatched({ mode: 'required' });
  const { authorization, user } = await person(coffer.product, 'operator', 'operator');
  operator = authorization;
  actor = `operator:${user.id}`;
  const { pool, ledger } = coffer;
  projector = await Projector.start({ pool, ledger, log: silentLog(), projections: [statsProjection, fraudProjection()], lookMs: 20 });
});
afterAll(async () => {
  await projector.stop();
  await coffer.stop();
});

async function call(method: string, path: string, body?: object): Promise<Answer> {
  return await coffer.call(method, path, body, { authorization: operator });
}

async function list(query = ''): Promise<{ ids: string[]; items: Record<string, unknown>[]; next: string | null }> {
  const { status, body } = await call('GET', `/projections/stats/set-aside${query}`);
  expect(status).toBe(200);
  const items = body['items'] as Record<string, unknown>[];
  return { ids: items.map(({ eventId }) => String(eventId)), items, next: body['next'] as string | null };
}

async function deposited(wallet: string): Promise<unknown> {
  const { rows } = await coffer.pool.query<{ deposited: bigint }>('select deposited from insights.wallet_stats where wallet = $1', [
    wallet,
  ]);
  return rows[0]?.deposited;
}

async function audited(method: string, url: string): Promise<unknown[]> {
  const { rows } = await coffer.pool.query<{ actor: string; body: string; status: number }>(
    'select actor, body, status from api_audit where method = $1 and url = $2 order by id',
    [method, url],
  );
  return rows;
}

const reason = 'the bug is mended';
const nobody = { error: 'no stats of odd', tries: 1, walletId: 'odd' };

test('operators list quarantined events, newest first and page by page, and retry one or all with a reason and an audit row', async () => {
  await coffer.pool.query(`
    create function insights.refuse() returns trigger language plpgsql as $$ begin raise exception 'no stats of %', new.wallet; end $$;
    create trigger refuse before insert on insights.wallet_stats for each row when (new.wallet = 'odd') execute function insights.refuse()`);
  const ids = [];
  for (const wallet of ['odd', 'even', 'odd', 'odd']) {
    const { body } = await call('POST', `/wallet/${wallet}/deposit`, { amount: 5 });
    if (wallet === 'odd') ids.unshift(String(body['operationId']));
  }
  const [third = '', second = '', first = ''] = ids.map((id) => `${id}-1`);
  await vi.waitFor(async () => expect((await list()).ids).toEqual([third, second, first]), { timeout: 120_000 });
  const { items, next } = await list('?limit=2');
  expect(items).toMatchObject([
    { eventId: third, eventType: 'FundsDeposited', ...nobody },
    { eventId: second, ...nobody },
  ]);
  expect(new Date(String(items[0]?.['since'])).getTime()).toBeGreaterThan(0);
  expect(await list(`?limit=2&cursor=${next ?? ''}`)).toMatchObject({ ids: [first], next: null });

  const all = '/projections/stats/set-aside/retry';
  const one = `/projections/stats/set-aside/${second}/retry`;
  const inVain = await call('POST', all, { reason });
  expect(inVain).toMatchObject({
    status: 200,
    body: { applied: 0, failed: [{ eventId: first, tries: 2 }, { eventId: second }, { eventId: third }] },
  });
  await coffer.pool.query('drop trigger refuse on insights.wallet_stats');
  expect(await call('POST', one, { reason })).toMatchObject({ status: 200, body: { applied: 1, failed: [] } });
  expect(await deposited('odd')).toBe(5n);
  expect((await list()).ids).toEqual([third, first]);
  const both = await Promise.all([call('POST', all, { reason }), call('POST', all, { reason })]);
  expect(both.map(({ status, body }) => [status, body['failed']])).toEqual([
    [200, []],
    [200, []],
  ]);
  expect(await deposited('odd')).toBe(15n);
  expect(await call('POST', one, { reason })).toMatchObject({ status: 404, body: { code: 'event_not_set_aside' } });
  expect(await list()).toMatchObject({ ids: [], next: null });

  const body = JSON.stringify({ reason });
  await vi.waitFor(async () => expect(await audited('POST', all)).toHaveLength(3), { timeout: 120_000 });
  expect((await audited('POST', all))[0]).toEqual({ actor, body, status: 200 });
  await vi.waitFor(async () => expect(await audited('POST', one)).toHaveLength(2), { timeout: 120_000 });
  expect(await audited('POST', one)).toEqual([
    { actor, body, status: 200 },
    { actor, body, status: 404 },
  ]);
});

test.each([
  ['no reason', {}],
  ['a reason of spaces', { reason: '  ' }],
  ['a reason of 1001 characters', { reason: 'r'.repeat(1_001) }],
  ['something else beside it', { reason, ids: ['1-1-1'] }],
])('a retry with %s is refused, and nothing is tried', async (_what, body) => {
  for (const path of ['retry', '1-1-1/retry']) expect((await call('POST', `/projections/stats/set-aside/${path}`, body)).status).toBe(400);
});

test('an unknown projection is not found, and an invalid cursor is refused', async () => {
  for (const answer of [
    await call('GET', '/projections/nonsense/set-aside'),
    await call('POST', '/projections/nonsense/set-aside/retry', { reason }),
    await call('POST', '/projections/nonsense/set-aside/1-1-1/retry', { reason }),
  ])
    expect(answer).toMatchObject({
      status: 404,
      body: { code: 'projection_not_found', detail: expect.stringContaining('"nonsense"') as string },
    });
  for (const query of ['cursor=1-1-1', 'cursor=x', 'limit=0', 'limit=501', 'wallet=w'])
    expect((await call('GET', `/projections/stats/set-aside?${query}`)).status).toBe(400);
  expect((await call('GET', '/projections/stats/set-aside?cursor=9999999999999999-999999999-999999999999999-99999')).status).toBe(200);
  expect((await call('POST', '/projections/stats/set-aside/no-event/retry', { reason })).status).toBe(400);
});
