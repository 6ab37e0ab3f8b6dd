import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Coffer, CofferUnavailable } from '../../packages/client/src/index.ts';
import { startProduct } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';
import { startCofferProcess } from '../support/coffer-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { startHttpProxy } from '../support/http-proxy.ts';
import type { Proxied, ProxiedAnswer } from '../support/http-proxy.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';

let product: TestProduct;
let direct: Coffer;
beforeAll(async () => {
  product = await startProduct();
  direct = new Coffer({ url: product.url });
});
afterAll(async () => {
  await product.stop();
});

const hasty = { pauseMs: 10, attemptTimeoutMs: 10_000 };
/** For tests whose attempts must time out. */
const hastier = { attemptTimeoutMs: 1_000 };

/** A client whose requests pass a proxy; `answer` gets the number of the request, from 1. */
async function through<T>(
  answer: (request: Proxied, count: number) => Promise<ProxiedAnswer | 'cut'>,
  work: (coffer: Coffer, sent: () => readonly Proxied[]) => Promise<T>,
  options = {},
): Promise<T> {
  const sent: Proxied[] = [];
  const proxy = await startHttpProxy(product.url, async (request) => await answer(request, sent.push(request)));
  try {
    return await work(new Coffer({ url: proxy.url, ...hasty, ...options }), () => sent);
  } finally {
    await proxy.stop();
  }
}

const problem = (status: number, code: string, headers: Record<string, string> = {}): ProxiedAnswer => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ status, code, title: code, detail: `${code} it is.` }),
});
const keyOf = ({ body }: Proxied) => (JSON.parse(body) as { requestId: string }).requestId;
const failureOf = async (call: Promise<unknown>) =>
  await call.then(
    () => 'answered',
    (thrown: unknown) => thrown,
  );

describe('an answer that is cut off after the commit', () => {
  it('is returned by the next attempt with the same key: one effect, 20 times out of 20', async () => {
    const { hostname, port } = new URL(product.url);
    const proxy = await startProxy({ host: hostname, port: Number(port) });
    const coffer = new Coffer({ url: `http://127.0.0.1:${proxy.address.port}`, ...hasty });
    for (let round = 1; round <= 20; round++) {
      proxy.loseNextAnswer();
      expect(await coffer.deposit({ walletId: 'cut', amount: 1 })).toMatchObject({
        balance: String(round),
        version: round,
        replayed: true,
      });
    }
    expect(proxy.faults).toBe(20);
    await proxy.stop();
  });

  it('is a refusal when the operation was refused', async () => {
    await direct.openWallet({ id: 'poor' });
    await through(
      async (request, count) => (await request.forward(), count === 1 ? 'cut' : await request.forward()),
      async (coffer) => {
        await expect(coffer.withdraw({ walletId: 'poor', amount: 1 })).rejects.toMatchObject({
          code: 'insufficient_funds',
          replayed: true,
        });
      },
    );
  });
});

describe('a server that stalls', () => {
  it('is retried when an attempt times out', async () => {
    await through(
      async (request, count) => {
        const answer = await request.forward();
        if (count === 1) await new Promise(() => undefined);
        return answer;
      },
      async (coffer, sent) => {
        expect(await coffer.deposit({ walletId: 'stall', amount: 7 })).toMatchObject({ balance: '7', replayed: true });
        expect(new Set(sent().map(keyOf)).size).toBe(1);
      },
      hastier,
    );
  });

  it('gives an unknown outcome with the key when all attempts fail; the key settles it later', async () => {
    const { hostname, port } = new URL(product.url);
    const proxy = await startProxy({ host: hostname, port: Number(port) });
    proxy.holdAnswers();
    const coffer = new Coffer({ url: `http://127.0.0.1:${proxy.address.port}`, ...hasty, ...hastier, attemptsMax: 2 });
    const failure = await failureOf(coffer.deposit({ walletId: 'unknown', amount: 7 }));
    expect(failure).toBeInstanceOf(CofferUnavailable);
    expect(failure).toMatchObject({ outcome: 'unknown', attempts: 2 });
    await proxy.stop();
    const { key } = failure as CofferUnavailable;
    expect(await direct.deposit({ walletId: 'unknown', amount: 7, ...(key !== undefined && { key }) })).toMatchObject({
      balance: '7',
      replayed: true,
    });
  });
});

describe('the outcome of a call', () => {
  const lostUntilLookedUp =
    (thenToo: boolean): Parameters<typeof through>[0] =>
    async (request, count) => {
      const answer = await request.forward();
      return request.method === 'GET' || (count > 3 && !thenToo) ? answer : 'cut';
    };

  it('is looked up when all attempts end unknown, and the answer is fetched', async () => {
    await through(
      lostUntilLookedUp(false),
      async (coffer, sent) => {
        expect(await coffer.deposit({ walletId: 'found', amount: 3, key: 'f' })).toMatchObject({ balance: '3', replayed: true });
        expect(sent().map(({ method }) => method)).toEqual(['POST', 'POST', 'GET', 'POST']);
      },
      { attemptsMax: 2 },
    );
  });

  it('is reported as done, with the record, when only the answer is missing; a recorded refusal is a refusal', async () => {
    await through(
      lostUntilLookedUp(true),
      async (coffer) => {
        const failure = await failureOf(coffer.deposit({ walletId: 'recorded', amount: 3 }));
        expect(failure).toMatchObject({ outcome: 'done', operation: { status: 'completed', amount: '3', type: 'deposit' } });
        await expect(coffer.withdraw({ walletId: 'recorded', amount: 4, key: 'much' })).rejects.toMatchObject({
          status: 422,
          code: 'insufficient_funds',
          facts: { available: '3', requested: '4' },
          requestId: 'much',
        });
      },
      { attemptsMax: 2 },
    );
  });

  it('stays unknown while there is no record: a lost request may still arrive', async () => {
    await direct.openWallet({ id: 'late' });
    await through(
      async (request) => (request.method === 'GET' ? await request.forward() : 'cut'),
      async (coffer) => expect(await failureOf(coffer.deposit({ walletId: 'late', amount: 3 }))).toMatchObject({ outcome: 'unknown' }),
      { attemptsMax: 2 },
    );
  });
});

describe('a server that is busy', () => {
  it.each([
    [503, 'the seconds', () => '1'],
    [429, 'the seconds', () => '1'],
    [503, 'the date', () => new Date(Date.now() + 2_000).toUTCString()],
  ])('with %i is retried after %s in its header', async (status, what, retryAfter) => {
    const times: number[] = [];
    await through(
      async (request, count) => {
        times.push(performance.now());
        return count === 1 ? problem(status, 'overloaded', { 'retry-after': retryAfter() }) : await request.forward();
      },
      async (coffer, sent) => {
        expect(await coffer.deposit({ walletId: `busy${status}${what.at(-1)}`, amount: 1 })).toMatchObject({
          balance: '1',
          replayed: false,
        });
        expect(new Set(sent().map(keyOf)).size).toBe(1);
      },
    );
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('is not retried beyond the deadline, and the error says that nothing was done', async () => {
    await through(
      async () => await Promise.resolve(problem(503, 'overloaded', { 'retry-after': '60' })),
      async (coffer, sent) => {
        expect(await failureOf(coffer.deposit({ walletId: 'w', amount: 1 }))).toMatchObject({ outcome: 'not_done', attempts: 1 });
        expect(sent().length).toBe(1);
      },
    );
  });

  it('and has lost its database is retried too, and an unknown outcome stays unknown', async () => {
    await through(
      async (_request, count) => await Promise.resolve(problem(503, count === 1 ? 'outcome_unknown' : 'unavailable')),
      async (coffer) =>
        expect(await failureOf(coffer.topUp({ amount: 1, asset_type_id: 1 }))).toMatchObject({ outcome: 'unknown', attempts: 3 }),
      { attemptsMax: 3 },
    );
  });

  it('and then rejects the credentials leaves the outcome of the first attempt unknown', async () => {
    await through(
      async (_request, count) => await Promise.resolve(count === 1 ? 'cut' : problem(401, 'unauthenticated')),
      async (coffer) => expect(await failureOf(coffer.topUp({ amount: 1, asset_type_id: 1 }))).toMatchObject({ outcome: 'unknown' }),
    );
  });
});

describe('a call without a key', () => {
  it('is not retried when it may have been done', async () => {
    await through(
      async () => await Promise.resolve('cut'),
      async (coffer, sent) => {
        const failure = await failureOf(coffer.signUp({ email: 'a@example.com', name: 'A', password: 'long enough now' }));
        expect(failure).toMatchObject({ outcome: 'unknown', attempts: 1, key: undefined });
        expect(sent().length).toBe(1);
      },
    );
  });
});

describe('an unreachable server', () => {
  it('gives an error that says that nothing was done', async () => {
    const coffer = new Coffer({ url: `http://127.0.0.1:${await freePort()}`, ...hasty, attemptsMax: 2 });
    expect(await failureOf(coffer.deposit({ walletId: 'w', amount: 1 }))).toMatchObject({ outcome: 'not_done', attempts: 2 });
  });

  it('is retried: each call has one effect across a kill and a restart', async () => {
    const database = await createTestDatabase();
    let server = await startCofferProcess(database.url);
    const target = { host: '127.0.0.1', port: Number(new URL(server.api).port) };
    const proxy = await startProxy(target);
    const coffer = new Coffer({ url: `http://127.0.0.1:${proxy.address.port}`, attemptsMax: 100 });
    const calls = Array.from({ length: 200 }, async (_, at) => {
      await new Promise((resolve) => void setTimeout(resolve, at * 5));
      return await coffer.deposit({ walletId: 'restart', amount: 1, key: `k${at}` });
    });
    await calls[50];
    await server.end('SIGKILL');
    server = await startCofferProcess(database.url);
    target.port = Number(new URL(server.api).port);
    const answers = await Promise.all(calls);
    expect(answers.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
    expect(await coffer.getWallet({ walletId: 'restart' })).toMatchObject({ balance: '200', version: 200 });
    await proxy.stop();
    await server.end('SIGTERM');
    await database.drop();
  });
});

describe('an aborted call', () => {
  it('is not sent when it is aborted before sending, and has done nothing', async () => {
    await through(
      async (request) => await request.forward(),
      async (coffer, sent) => {
        const signal = AbortSignal.abort('enough');
        expect(await failureOf(coffer.deposit({ walletId: 'w', amount: 1 }, { signal }))).toMatchObject({
          outcome: 'not_done',
          cause: 'enough',
        });
        expect(sent().length).toBe(0);
      },
    );
  });

  it('has an unknown outcome when it is aborted in flight, and is not retried', async () => {
    const controller = new AbortController();
    await through(
      async (request) => {
        controller.abort('enough');
        await new Promise((resolve) => void setTimeout(resolve, 200));
        return await request.forward();
      },
      async (coffer, sent) => {
        const failure = await failureOf(coffer.deposit({ walletId: 'w', amount: 1 }, { signal: controller.signal }));
        expect(failure).toMatchObject({ outcome: 'unknown', attempts: 1 });
        expect(sent().length).toBe(1);
      },
    );
  });
});
