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
/** For those whose attempts are to take too long. */
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
  it('comes with the next attempt, under the same key: one effect, 20 times out of 20', async () => {
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
  it('is asked again when an attempt has taken too long', async () => {
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

  it('is told of as unknown, with the key, when nothing can be learned; the key settles it later', async () => {
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

describe('what became of it', () => {
  const lostUntilLookedUp =
    (thenToo: boolean): Parameters<typeof through>[0] =>
    async (request, count) => {
      const answer = await request.forward();
      return request.method === 'GET' || (count > 3 && !thenToo) ? answer : 'cut';
    };

  it('is looked up when all attempts end unknown, and the answer fetched', async () => {
    await through(
      lostUntilLookedUp(false),
      async (coffer, sent) => {
        expect(await coffer.deposit({ walletId: 'found', amount: 3, key: 'f' })).toMatchObject({ balance: '3', replayed: true });
        expect(sent().map(({ method }) => method)).toEqual(['POST', 'POST', 'GET', 'POST']);
      },
      { attemptsMax: 2 },
    );
  });

  it('is told as done, with the record, when only the answer cannot be had; and a refusal on record is a refusal', async () => {
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

  it('stays unknown when there is nothing on record yet: a lost request may still arrive', async () => {
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
  ])('with %i is asked again after %s that it names', async (status, what, retryAfter) => {
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

  it('is not waited for beyond the deadline, and that nothing was done is said', async () => {
    await through(
      async () => await Promise.resolve(problem(503, 'overloaded', { 'retry-after': '60' })),
      async (coffer, sent) => {
        expect(await failureOf(coffer.deposit({ walletId: 'w', amount: 1 }))).toMatchObject({ outcome: 'not_done', attempts: 1 });
        expect(sent().length).toBe(1);
      },
    );
  });

  it('and has lost its database may have done it: that is asked again too, and an outcome once unknown stays so', async () => {
    await through(
      async (_request, count) => await Promise.resolve(problem(503, count === 1 ? 'outcome_unknown' : 'unavailable')),
      async (coffer) =>
        expect(await failureOf(coffer.topUp({ amount: 1, asset_type_id: 1 }))).toMatchObject({ outcome: 'unknown', attempts: 3 }),
      { attemptsMax: 3 },
    );
  });

  it('and then knows the caller no more, has not said what became of the first attempt', async () => {
    await through(
      async (_request, count) => await Promise.resolve(count === 1 ? 'cut' : problem(401, 'unauthenticated')),
      async (coffer) => expect(await failureOf(coffer.topUp({ amount: 1, asset_type_id: 1 }))).toMatchObject({ outcome: 'unknown' }),
    );
  });
});

describe('what takes no key', () => {
  it('is not repeated when it may have been done', async () => {
    await through(
      async () => await Promise.resolve('cut'),
      async (coffer, sent) => {
        const failure = await failureOf(coffer.signUp({ email: 'a@example.com', name: 'A', password: 'long enough' }));
        expect(failure).toMatchObject({ outcome: 'unknown', attempts: 1, key: undefined });
        expect(sent().length).toBe(1);
      },
    );
  });
});

describe('a server that is not there', () => {
  it('has done nothing', async () => {
    const coffer = new Coffer({ url: `http://127.0.0.1:${await freePort()}`, ...hasty, attemptsMax: 2 });
    expect(await failureOf(coffer.deposit({ walletId: 'w', amount: 1 }))).toMatchObject({ outcome: 'not_done', attempts: 2 });
  });

  it('is waited for: killed and started again in the middle, each call has one effect', async () => {
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

describe('a call that is given up', () => {
  it('before it was sent has done nothing, and is not sent', async () => {
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

  it('while it is under way is unknown, and is not sent again', async () => {
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
