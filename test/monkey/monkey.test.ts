import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMonkey } from '../../packages/coffer/src/cli/monkey/monkey.ts';
import type { Report } from '../../packages/coffer/src/cli/monkey/report.ts';
import { startProduct } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';
import { startHttpProxy } from '../support/http-proxy.ts';
import type { Proxied, ProxiedAnswer } from '../support/http-proxy.ts';
import { freePort } from '../support/ports.ts';

let product: TestProduct;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(async () => {
  await product.stop();
});

const small = { requests: 150, concurrency: 20, wallets: 4, seed: 7 };

async function monkeyBehind(answer: (request: Proxied) => Promise<ProxiedAnswer | 'cut'>): Promise<Report> {
  const proxy = await startHttpProxy(product.url, answer);
  try {
    return await runMonkey({ url: proxy.url, ...small });
  } finally {
    await proxy.stop();
  }
}

const failed = ({ checks }: Report) => checks.filter(({ violations }) => violations > 0).map(({ id }) => id);

describe('an honest server', () => {
  let report: Report;
  beforeAll(async () => {
    report = await runMonkey({ url: product.url, ...small, requests: 400 });
  });

  it('keeps every invariant under load, and each is checked', () => {
    expect(report.checks.map(({ id, first }) => [id, first])).toEqual(
      ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I10'].map((id) => [id, null]),
    );
    for (const { checked } of report.checks) expect(checked).toBeGreaterThan(1);
    expect(report).toMatchObject({ ok: true, requests: 400, unanswered: { count: 0 }, withoutPlayers: null });
  });

  it('meets every announced kind of trouble', () => {
    expect(Object.keys(report.outcomes).toSorted()).toEqual([
      'capture',
      'deposit',
      'hold',
      'open',
      'release',
      'spend',
      'topup',
      'transfer',
      'withdrawal',
    ]);
    expect(Object.keys(report.refusals)).toEqual(expect.arrayContaining(['insufficient_funds', 'idempotency_key_reused']));
    expect(Math.min(...Object.values(report.repeated))).toBeGreaterThan(0);
  });
});

it('in a ledger of several books, wallets pay each other across books and every invariant holds', async () => {
  const several = await startProduct({}, { books: 3 });
  const report = await runMonkey({ url: several.url, ...small, requests: 400, wallets: 8 });
  await several.stop();
  expect([failed(report), report.unanswered.count]).toEqual([[], 0]);
  expect(report.outcomes['transfer']?.['completed']).toBeGreaterThan(10);
});

it('every answer that is cut off after the commit is settled', async () => {
  let cuts = 0;
  const report = await monkeyBehind(async (request) => {
    const answer = await request.forward();
    return request.method === 'POST' && request.path.startsWith('/wallet/monkey-') && ++cuts % 5 === 0 ? 'cut' : answer;
  });
  expect(cuts).toBeGreaterThan(small.requests / 2);
  expect([failed(report), report.unanswered.count]).toEqual([[], 0]);
});

it('in required mode it works with a service key, and reports which scopes the key lacks', async () => {
  const guarded = await startProduct({}, { mode: 'required' });
  const scopes = [
    'wallets:read',
    'wallets:open',
    'money:deposit',
    'money:withdraw',
    'money:transfer',
    'holds:write',
    'controls:write',
    'events:read',
  ] as const;
  const made = await guarded.product.apiKeys.create({ name: 'monkey', scopes, createdBy: 'test', expiresAfterMs: undefined });
  const token = 'secret' in made ? made.secret : '';
  const report = await runMonkey({ url: guarded.url, ...small, token });
  expect([failed(report), report.unanswered.count, report.withoutPlayers]).toEqual([[], 0, expect.stringContaining('forbidden')]);
  await guarded.stop();
});

/** The random load may not contain a granted hold, so the fault creates one. */
const madeUpHold = { holdId: '1-999999', status: 'open', amount: '5', captured: '0', released: '0' };

describe('planted trouble', () => {
  /** Lies once, about the third of the requests that fit. */
  function once(fits: (request: Proxied) => boolean, lie: (request: Proxied) => Promise<ProxiedAnswer>) {
    let seen = 0;
    return async (request: Proxied) => (fits(request) && ++seen === 3 ? await lie(request) : await request.forward());
  }
  const isPost =
    (what: string) =>
    ({ method, path }: Proxied) =>
      method === 'POST' && path.endsWith(what);
  const isGet =
    (pattern: RegExp) =>
    ({ method, path }: Proxied) =>
      method === 'GET' && pattern.test(path);
  /** The answer with another content. */
  const altered =
    (change: (body: Body) => unknown) =>
    async (request: Proxied): Promise<ProxiedAnswer> => {
      const { body, ...answer } = await request.forward();
      return { ...answer, body: JSON.stringify(change(JSON.parse(body) as Body)) };
    };
  type Body = Record<string, unknown> & { items: Record<string, unknown>[] };
  const isHistory = isGet(/^\/wallet\/monkey-[^/]+\/history/);
  const isWallet = isGet(/^\/wallet\/monkey-[^/]+$/);
  const isHolds = isGet(/^\/wallet\/monkey-[^/]+\/holds/);
  const isRecordById = isGet(/^\/operations\//);

  it.each<[string, ReturnType<typeof once>, string[]]>([
    [
      'an operation that was acknowledged but never posted',
      once(isPost('/deposit'), async ({ body, path }) => {
        const { amount, requestId } = JSON.parse(body) as Record<string, string>;
        const made = {
          operationId: '1-999999',
          seq: 999_999,
          requestId,
          walletId: path.split('/')[2],
          amount,
          balance: amount,
          version: 1,
          createdAt: '',
        };
        return await Promise.resolve({ status: 201, body: JSON.stringify(made) });
      }),
      ['I1', 'I4', 'I8'],
    ],
    [
      'an operation that was done twice',
      once(isPost('/deposit'), async (request) => {
        await request.forward({ body: request.body.replace(/"requestId":"/, '"requestId":"x') });
        return await request.forward();
      }),
      ['I1', 'I5', 'I8'],
    ],
    [
      'a balance in an answer that differs from the recorded one',
      once(
        isPost('/deposit'),
        altered((body) => ({ ...body, balance: '1' })),
      ),
      ['I4'],
    ],
    [
      'a repetition that pretends to be new',
      async (request) => {
        const { headers, ...answer } = await request.forward();
        return { ...answer, headers: { 'content-type': headers?.['content-type'] ?? '' } };
      },
      ['I5'],
    ],
    [
      'a key that is accepted for a different operation',
      async (request) => {
        const answer = await request.forward();
        if (answer.status !== 409 || !isPost('/deposit')(request)) return answer;
        return await request.forward({ body: request.body.replace(/"requestId":"/, '"requestId":"x') });
      },
      ['I5'],
    ],
    [
      'a key that is refused for a different operation as if there were no wallet',
      async (request) => {
        const answer = await request.forward();
        return answer.status === 409
          ? { status: 404, body: JSON.stringify({ status: 404, code: 'wallet_not_found', detail: '' }) }
          : answer;
      },
      ['I5'],
    ],
    [
      'a balance that no history explains',
      once(
        isWallet,
        // Never the balance that the wallet has by chance.
        altered((body) => ({ ...body, balance: String(BigInt(String(body['balance'])) + 5n) })),
      ),
      ['I1', 'I2'],
    ],
    [
      'a line missing in a history',
      once(
        isHistory,
        altered((body) => ({ ...body, items: body.items.toSpliced(1, 1) })),
      ),
      ['I2', 'I3', 'I4'],
    ],
    [
      'a balance below zero at some moment',
      once(
        isHistory,
        altered((body) => ({ ...body, items: body.items.with(1, { ...body.items[1], balanceAfter: '-501' }) })),
      ),
      ['I3', 'I6'],
    ],
    [
      'a hold with an overstated remaining amount',
      async (request) =>
        isHolds(request)
          ? await altered((body) => ({ ...body, items: [...body.items, { ...madeUpHold, left: '9999' }] }))(request)
          : await request.forward(),
      ['I7'],
    ],
    [
      'a record that differs from the operation',
      once(
        isRecordById,
        altered((body) => ({ ...body, status: body['status'] === 'refused' ? 'completed' : 'refused' })),
      ),
      ['I4'],
    ],
    [
      'a record that cannot be found any more',
      once(
        isRecordById,
        async () => await Promise.resolve({ status: 404, body: JSON.stringify({ status: 404, code: 'gone', detail: '' }) }),
      ),
      ['I4'],
    ],
    [
      'an event that was left out',
      async (request) =>
        isGet(/^\/events/)(request)
          ? await altered((body) => ({
              ...body,
              items: body.items.toSpliced(
                body.items.findLastIndex(({ type }) => type === 'FundsDeposited'),
                1,
              ),
            }))(request)
          : await request.forward(),
      ['I8'],
    ],
    [
      'stats that differ from the sum of the history',
      once(
        isGet(/stats$/),
        altered((body) => ({ ...body, deposited: '999999' })),
      ),
      ['I10'],
    ],
    [
      'a worker that quarantined an event',
      async (request) =>
        isGet(/^\/projections/)(request)
          ? { status: 200, body: JSON.stringify({ items: [{ name: 'stats', generation: 1, building: null, setAside: 1, books: [] }] }) }
          : await request.forward(),
      ['I10'],
    ],
  ])('%s is noticed', async (_what, answer, expected) => {
    const report = await monkeyBehind(answer);
    expect(failed(report)).toEqual(expect.arrayContaining(expected));
    expect(report.ok).toBe(false);
  });
});

describe('coffer monkey', () => {
  const coffer = async (...args: string[]) => {
    const launcher = path.resolve(import.meta.dirname, '../../packages/coffer/bin/coffer.mjs');
    return await promisify(execFile)(process.execPath, [launcher, 'monkey', ...args]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (failure: { code: number; stdout: string; stderr: string }) => failure,
    );
  };

  it('prints its requests, the outcomes and each invariant, on a server with existing data too', async () => {
    const { code, stdout, stderr } = await coffer('--url', product.url, '--requests', '60', '--concurrency', '10', '--wallets', '3');
    expect(stdout).toMatch(/^60 requests, 10 concurrent, in [\d.]+ s: [\d,]+ per second\.\nLatency: p50/);
    for (const id of ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8']) expect(stdout).toContain(`✓ ${id} `);
    expect([code, stderr]).toEqual([0, '15 of 60 requests\n30 of 60 requests\n45 of 60 requests\n60 of 60 requests\n']);
  });

  it('prints JSON with `--json`, and its exit code reports a violated invariant', async () => {
    const honest = await coffer('--url', product.url, '--requests', '40', '--seed', '1', '--json');
    expect(JSON.parse(honest.stdout)).toMatchObject({ ok: true, requests: 40, seed: 1 });
    const proxy = await startHttpProxy(product.url, async (request) => {
      const answer = await request.forward();
      return isEvents(request.path) ? { ...answer, body: '{"items":[],"next":null}' } : answer;
    });
    const { code, stdout } = await coffer('--url', proxy.url, '--requests', '40');
    await proxy.stop();
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ I8 .*: [\d,]+ of [\d,]+ violated; the first:\n {5}operation 1-\d+ should have the events/);
  });

  it('refuses to run against a remote machine without explicit confirmation', async () => {
    const { code, stderr } = await coffer('--url', 'http://coffer.example.com');
    expect(code).toBe(1);
    expect(stderr).toContain('--i-own-this-server');
    expect((await coffer('--requests', 'many')).stderr).toContain('Give a whole number');
  });

  it('reports a server that does not answer', async () => {
    const { code, stdout, stderr } = await coffer('--url', `http://127.0.0.1:${await freePort()}`);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('Coffer cannot be reached');
  });

  it('reports a server that goes away before everything is read back', async () => {
    const proxy = await startHttpProxy(product.url, async (request) => (isEvents(request.path) ? 'cut' : await request.forward()));
    const { code, stdout, stderr } = await coffer('--url', proxy.url, '--requests', '20', '--concurrency', '5', '--json');
    await proxy.stop();
    expect([code, stdout]).toEqual([1, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      error: expect.stringContaining('became unavailable before everything was read back') as unknown,
      remedy: expect.stringContaining('coffer verify') as unknown,
    });
  });

  const isEvents = (path: string) => path.startsWith('/events');
});
