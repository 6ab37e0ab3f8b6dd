import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { entriesWithoutActor } from '../support/actors.ts';
import { startWorking } from './working.ts';
import type { Working } from './working.ts';

let coffer: Working;
beforeAll(async () => {
  coffer = await startWorking();
  coffer.work();
  await coffer.call('POST', '/wallet/w1/deposit', { amount: 100_000, requestId: 'funds' });
  await coffer.call('POST', '/wallet', { id: 'w2' });
});
afterAll(async () => {
  const report = await verify(coffer.pool);
  const nameless = await entriesWithoutActor(coffer.pool);
  await coffer.stop();
  expect(nameless).toEqual([]);
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

describe('a request that is done in the background', () => {
  it('is accepted with 202, can be polled, and ends with the synchronous result', async () => {
    const before = Number((await coffer.balance('w1')).balance);
    const answer = await coffer.call('POST', '/wallet/w1/withdraw', {
      amount: 300,
      requestId: 'a1',
      async: true,
      metadata: { order: 'A-17' },
    });
    expect(answer).toMatchObject({
      status: 202,
      body: { type: 'withdraw', walletId: 'w1', amount: '300', requestId: 'a1', metadata: { order: 'A-17' }, finishedAt: null },
    });
    expect(answer.headers.get('location')).toBe(`/requests/${String(answer.body['id'])}`);
    const done = await coffer.call('GET', `/requests/${String(answer.body['id'])}?wait=30`);
    expect(done.body).toMatchObject({ status: 'completed', attempts: 1, log: [{ step: 'processing', outcome: 'posted' }] });
    const operation = await coffer.call('GET', `/operations/${String(done.body['operationId'])}`);
    expect(operation.body).toMatchObject({
      status: 'completed',
      type: 'withdrawal',
      amount: '300',
      requestId: 'a1',
      metadata: { order: 'A-17' },
    });
    expect(Number((await coffer.balance('w1')).balance)).toBe(before - 300);
  });

  it('can be requested by the header, which the answer confirms; the body takes precedence', async () => {
    const prefer = { prefer: 'handling=lenient, Respond-Async; wait=10' };
    const accepted = await coffer.call('POST', '/wallet/w1/transfer', { toWalletId: 'w2', amount: 5 }, prefer);
    expect([accepted.status, accepted.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
    expect(accepted.headers.get('idempotency-key')).toBe(accepted.body['requestId']);
    expect(await coffer.until(accepted.body['id'], 'completed')).toMatchObject({ type: 'transfer', toWalletId: 'w2' });
    const atOnce = await coffer.call('POST', '/wallet/w1/transfer', { toWalletId: 'w2', amount: 5, async: false }, prefer);
    expect([atOnce.status, atOnce.headers.get('preference-applied')]).toEqual([201, null]);
    expect((await coffer.call('POST', '/wallet/w1/transfer', { toWalletId: 'w2', amount: 5 }, { prefer: 'return=minimal' })).status).toBe(
      201,
    );
  });

  it('fails on a refusal, with its code and remedy, and is not retried', async () => {
    const { id } = await coffer.later('/wallet/w2/withdraw', { amount: 1_000_000 });
    const failed = await coffer.until(id, 'failed');
    expect(failed).toMatchObject({
      attempts: 1,
      nextTryAt: null,
      failure: { code: 'insufficient_funds', facts: { requested: '1000000' } },
    });
    expect((failed['failure'] as { detail: string }).detail).toMatch(/^"w2" has/);
    const onRecord = await coffer.call('GET', `/operations/${String(failed['operationId'])}`);
    expect(onRecord.body).toMatchObject({ status: 'refused', failure: { code: 'insufficient_funds' } });
  });

  it('keeps amounts, dates and conditions exactly', async () => {
    const huge = '12345678901234567890123456789012345678';
    const { body } = await coffer.call('POST', '/wallet/rich/deposit', { amount: huge });
    const effectiveAt = String(body['createdAt']);
    const { id } = await coffer.later('/wallet/rich/withdraw', {
      amount: huge,
      effectiveAt,
      expectedVersion: 1,
    });
    const { operationId } = await coffer.until(id, 'completed');
    expect((await coffer.call('GET', `/operations/${String(operationId)}`)).body).toMatchObject({
      amount: huge,
      effectiveAt,
    });
    const stale = await coffer.later('/wallet/w1/withdraw', { amount: 1, expectedVersion: 1 });
    expect(await coffer.until(stale['id'], 'failed')).toMatchObject({ failure: { code: 'version_stale' } });
    const kept = await coffer.later('/wallet/w1/withdraw', { amount: 1, minimumBalance: 1_000_000 });
    expect(await coffer.until(kept['id'], 'failed')).toMatchObject({ failure: { code: 'balance_below_minimum' } });
    const all = await coffer.later('/wallet/w2/withdraw', { amount: 1_000_000, upTo: true });
    await coffer.until(all['id'], 'completed');
    expect(await coffer.balance('w2')).toMatchObject({ balance: '0' });
  });
});

describe('one key is one operation', () => {
  it('fifty identical concurrent requests make one row and one effect; different content is refused', async () => {
    const before = Number((await coffer.balance('w1')).balance);
    const ask = () => coffer.call('POST', '/wallet/w1/withdraw', { amount: 7, requestId: 'same', async: true });
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    expect(new Set(answers.map(({ status, body }) => `${status} ${String(body['id'])}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length).toBe(49);
    await coffer.until(answers[0]?.body['id'], 'completed');
    expect((await ask()).body).toMatchObject({ status: 'completed', id: answers[0]?.body['id'] });
    expect(Number((await coffer.balance('w1')).balance)).toBe(before - 7);
    expect((await coffer.call('POST', '/wallet/w1/withdraw', { amount: 7, asset: 'USD', requestId: 'same', async: true })).status).toBe(
      202,
    );
    for (const body of [{ amount: 8 }, { amount: 7, upTo: true }, { amount: 7, metadata: {} }, { amount: 7, asset: 1 }]) {
      const other = await coffer.call('POST', '/wallet/w1/withdraw', { requestId: 'same', async: true, ...body });
      expect([body, other.status, other.body['code']]).toEqual([body, 409, 'idempotency_key_reused']);
    }
    const transfer = await coffer.call('POST', '/wallet/w1/transfer', { toWalletId: 'w2', requestId: 'same', amount: 7, async: true });
    expect(transfer).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused', requestId: 'same' } });
  });

  it('a synchronous and an asynchronous request with one key are one operation, in either order', async () => {
    const before = Number((await coffer.balance('w1')).balance);
    const atOnce = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 11, requestId: 'both-1' });
    const later = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 11, requestId: 'both-1', async: true });
    expect([later.status, later.text, later.headers.get('idempotency-replayed')]).toEqual([201, atOnce.text, 'true']);
    const first = await coffer.later('/wallet/w1/withdraw', { amount: 13, requestId: 'both-2' });
    const done = await coffer.until(first['id'], 'completed');
    const again = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 13, requestId: 'both-2' });
    expect([again.body['operationId'], again.headers.get('idempotency-replayed')]).toEqual([done['operationId'], 'true']);
    expect(Number((await coffer.balance('w1')).balance)).toBe(before - 24);
  });
});

describe('a key that is recorded in the ledger but has no request', () => {
  const rowsOf = async (key: string) =>
    (await coffer.pool.query(`select from requests.request where key in ($1, e'\\x02anonymous/' || $1)`, [key])).rowCount;

  it('is answered immediately: with the stored answer, or 409 for different content', async () => {
    await coffer.call('POST', '/wallet', { id: 'w3' });
    const prefer = { prefer: 'respond-async' };
    const cases = [
      ['withdraw', { amount: 3 }, { amount: 4 }],
      ['withdraw', { amount: 1_000_000_000 }, { amount: 3 }],
      ['transfer', { amount: 3, toWalletId: 'w3' }, { amount: 3, toWalletId: 'w2' }],
      ['transfer', { amount: 3, toWalletId: 'w3', mode: 'saga' }, { amount: 3, toWalletId: 'w3' }],
    ] as const;
    for (const [at, [what, body, other]] of cases.entries()) {
      const requestId = `recorded-${at}`;
      const first = await coffer.call('POST', `/wallet/w1/${what}`, { ...body, requestId });
      const again = await coffer.call('POST', `/wallet/w1/${what}`, { ...body, requestId }, prefer);
      expect([again.status, again.body]).toEqual([first.status, first.body]);
      expect([again.headers.get('idempotency-replayed'), again.headers.get('preference-applied')]).toEqual(['true', null]);
      const reused = await coffer.call('POST', `/wallet/w1/${what}`, { ...other, requestId, async: true });
      expect(reused).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused', requestId } });
      expect(await rowsOf(requestId)).toBe(0);
    }
    await coffer.call('POST', '/wallet/w1/deposit', { amount: 3, requestId: 'recorded-deposit' });
    const deposit = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 3, requestId: 'recorded-deposit', async: true });
    expect(deposit).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused' } });
  });

  it('is scoped to the wallet: the same key of another wallet is accepted', async () => {
    await coffer.call('POST', '/wallet/w3/deposit', { amount: 3, requestId: 'somebody-else' });
    expect(await coffer.later('/wallet/w1/withdraw', { amount: 3, requestId: 'somebody-else' })).toMatchObject({ walletId: 'w1' });
  });

  it('is answered with the request if there is one, for a payout too', async () => {
    const { id } = await coffer.later('/wallet/w1/withdraw', { amount: 3, requestId: 'stands' });
    await coffer.until(id, 'completed');
    expect(await coffer.later('/wallet/w1/withdraw', { amount: 3, requestId: 'stands' })).toMatchObject({ id, status: 'completed' });
  });
});

it('a request shows its input: the mode of a transfer', async () => {
  const asked = { toWalletId: 'w2', amount: 1 };
  for (const mode of ['atomic', 'saga'] as const) {
    const { id } = await coffer.later('/wallet/w1/transfer', { ...asked, mode });
    expect(await coffer.until(id, 'completed')).toMatchObject({ mode });
    const listed = await coffer.call('GET', '/requests?walletId=w1&limit=1');
    expect(listed.body['items']).toMatchObject([{ id, mode }]);
  }
  expect(await coffer.later('/wallet/w1/transfer', asked)).not.toHaveProperty('mode');
  expect(await coffer.later('/wallet/w1/withdraw', { amount: 1 })).not.toHaveProperty('mode');
});

describe('an invalid request', () => {
  it('for a missing wallet gets the synchronous answer and writes no row', async () => {
    const body = { amount: 1, requestId: 'nobody' };
    const [atOnce, later] = [
      await coffer.call('POST', '/wallet/nowhere/withdraw', body),
      await coffer.call('POST', '/wallet/nowhere/withdraw', { ...body, async: true }),
    ];
    expect([later.status, later.text]).toEqual([404, atOnce.text]);
    const { rows } = await coffer.pool.query(`select from requests.request where wallet = 'nowhere'`);
    expect(rows).toEqual([]);
  });

  it.each([
    [{ amount: 0 }],
    [{ amount: -1 }],
    [{ amount: 1.5 }],
    [{ amount: '1e3' }],
    [{ amount: '9'.repeat(39) }],
    [{ amount: 1, async: 'yes' }],
    [{ amount: 1, async: null }],
    [{ amount: 1, later: true }],
    [{ amount: 1, effectiveAt: '2026-02-30T00:00:00Z' }],
    [{ amount: 1, metadata: { number: 2 ** 60 } }],
    [{ amount: 1, requestId: '\u0001request/x/1' }],
    [{ amount: 1, requestId: 'k', txId: 'l' }],
  ])('%o is refused with the synchronous answer', async (body) => {
    const count = async () => (await coffer.pool.query<{ count: number }>('select count(*) from requests.request')).rows[0]?.count;
    const before = await count();
    const refused = await coffer.call('POST', '/wallet/w1/withdraw', { async: true, ...body });
    expect([refused.status, refused.body['code'], await count()]).toEqual([400, 'invalid_request', before]);
  });

  it.each(['x', '00000000-0000-0000-0000-00000000000g', "' or 1=1 --", '%00'])('an invalid id (%s) is reported', async (id) => {
    expect((await coffer.call('GET', `/requests/${encodeURIComponent(id)}`)).status).toBe(400);
  });

  it.each(['wait=31', 'wait=-1', 'wait=x', 'status=gone', 'cursor=x', 'limit=0', 'other=1'])(
    'an invalid query (%s) is reported',
    async (query) => {
      const path = query.startsWith('wait') ? '/requests/019a6d2e-7c1b-7a54-9d3a-2f1e8c4b5a60' : '/requests';
      expect((await coffer.call('GET', `${path}?${query}`)).status).toBe(400);
    },
  );
});

describe('lists', () => {
  it('newest first, by wallet and status, page by page', async () => {
    await coffer.call('POST', '/wallet/listed/deposit', { amount: 3 });
    const ids: unknown[] = [];
    for (let number = 0; number < 5; number++) ids.unshift((await coffer.later('/wallet/listed/withdraw', { amount: 1 }))['id']);
    for (const id of ids) await coffer.until(id, 'completed', 'failed');
    const seen: unknown[] = [];
    for (let next: string | null = ''; next !== null;) {
      const answer = await coffer.call('GET', `/requests?walletId=listed&limit=2${next === '' ? '' : `&cursor=${next}`}`);
      const page = answer.body as { items: { id: string }[]; next: string | null };
      seen.push(...page.items.map(({ id }) => id));
      next = page.next;
    }
    expect(seen).toEqual(ids);
    const failed = await coffer.call('GET', '/requests?walletId=listed&status=failed');
    expect((failed.body['items'] as unknown[]).length).toBe(2);
    expect((await coffer.call('GET', '/requests?walletId=nowhere')).status).toBe(404);
  });
});

describe('a contended wallet', () => {
  it('500 withdrawals: completed and refused ones add up to the requested total, and no money is lost', async () => {
    await coffer.call('POST', '/wallet/hot/deposit', { amount: 3_000 });
    const asked = Array.from({ length: 500 }, (_, number) => ({ amount: 1 + (number % 20), requestId: `h${number}` }));
    const callers = Array.from({ length: 50 }, async (_, caller) => {
      for (let at = caller; at < asked.length; at += 50) await coffer.later('/wallet/hot/withdraw', asked[at] ?? {});
    });
    await Promise.all(callers);
    const open = async () =>
      (await coffer.pool.query(`select from requests.request where wallet = 'hot' and finished_at is null`)).rowCount;
    await expect.poll(open).toBe(0);
    const { rows } = await coffer.pool.query<{ status: string; count: number; amount: bigint }>(
      `select status, count(*), sum((content::json->>'amount')::numeric) as amount from requests.request where wallet = 'hot' group by 1 order by 1`,
    );
    const [completed, failed] = rows;
    expect([completed?.status, failed?.status, Number(completed?.count) + Number(failed?.count)]).toEqual(['completed', 'failed', 500]);
    const { balance } = await coffer.balance('hot');
    expect(BigInt(String(balance)) + (completed?.amount ?? 0n)).toBe(3_000n);
    console.info(`500 withdrawals of one wallet: ${completed?.count} completed, ${failed?.count} refused`);
  });

  it('finished requests of any outcome do not count against the limit of unfinished ones', async () => {
    await coffer.call('POST', '/wallet/busy/deposit', { amount: 10 });
    await coffer.pool.query(`
      insert into requests.request
        (id, type, wallet, key, content, digest, status, way, hold_seconds, hold, failure_code, next_try_at, created_at, updated_at, finished_at)
      select gen_random_uuid(), 'withdraw', 'busy', 'k' || n, '{"amount":"1"}', '', (array['completed', 'released', 'failed'])[n % 3 + 1],
        'review', 60, '1-1', case when n % 3 <> 0 then 'x' end, now(), now(), now(), now()
      from generate_series(1, 1500) n`);
    const accepted = await coffer.later('/wallet/busy/withdraw', { amount: 1, requestId: 'another' });
    expect(await coffer.until(accepted['id'], 'completed')).toMatchObject({ status: 'completed' });
  });

  it('requests beyond the limit of unfinished ones get a retry-later answer, and known keys are still answered', async () => {
    await coffer.call('POST', '/wallet/full/deposit', { amount: 10 });
    const last = await coffer.later('/wallet/full/withdraw', { amount: 1, requestId: 'last' });
    await coffer.until(last['id'], 'completed');
    await coffer.pool.query(`
      insert into requests.request (id, type, wallet, key, content, digest, status, next_try_at, created_at, updated_at)
      select gen_random_uuid(), 'withdraw', 'full', 'k' || n, '{"amount":"1"}', '', 'accepted', now() + interval '1 day', now(), now()
      from generate_series(1, 1000) n`);
    const refused = await coffer.call('POST', '/wallet/full/withdraw', { amount: 1, requestId: 'one-more', async: true });
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_open_requests', requestId: 'one-more' } });
    expect(refused.headers.get('retry-after')).toBe('5');
    expect((await coffer.call('POST', '/wallet/full/withdraw', { amount: 1, requestId: 'last', async: true })).status).toBe(202);
  });
});
