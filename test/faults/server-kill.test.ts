/** The complete server is killed while callers wait for answers, and restarted. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { startCofferProcess } from '../support/coffer-process.ts';
import type { CofferProcess } from '../support/coffer-process.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { pause } from '../support/load.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until } from '../support/until.ts';

const lives = 5;
const callers = 24;
const walletCount = 6;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

type Asked = {
  readonly path: string;
  readonly body: { readonly requestId: string; readonly amount: number; readonly toWalletId?: string };
};
type Answer = { readonly status: number; readonly body: string };

/** Null without an answer, or for a 503: the caller does not know the outcome of the request. */
async function ask(coffer: CofferProcess, { path, body }: Asked): Promise<Answer | null> {
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${coffer.api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    return answer.status === 503 ? null : { status: answer.status, body: text };
  } catch {
    return null;
  }
}

/** Retries until there is an answer: on a busy machine it may be late once or twice. */
async function askUntilAnswered(coffer: CofferProcess, asked: Asked): Promise<Answer> {
  let answer: Answer | null = null;
  const isAnswered = async () => (answer = await ask(coffer, asked)) !== null;
  await until(isAnswered, {
    what: `an answer to ${asked.path} with the key ${asked.body.requestId}`,
    seen: () => 'none came',
    everyMs: 100,
  });
  return answer ?? { status: 0, body: '' };
}

it('keeps every answer it gave, and applies each unanswered request once, five times', async () => {
  const random = randomFrom(seedOf('server kills'));
  const wallet = () => `w${Math.floor(random() * walletCount)}`;
  const answered: [Asked, Answer][] = [];
  const unanswered: Asked[] = [];

  for (let life = 0; life < lives; life++) {
    const coffer = await startCofferProcess(database.url);
    for (let number = 0; number < walletCount; number++) {
      await askUntilAnswered(coffer, { path: `/wallet/w${number}/deposit`, body: { requestId: `life ${life}`, amount: 1_000 } });
    }
    let killed = false;
    const caller = async (name: string) => {
      for (let count = 0; !killed; count++) {
        const [from, to] = [wallet(), wallet()];
        const body = { requestId: `${life}-${name}-${count}`, amount: 1 + Math.floor(random() * 300) };
        const kind = ['deposit', 'withdraw', 'transfer'][Math.floor(random() * 3)];
        const asked = { path: `/wallet/${from}/${kind}`, body: kind === 'transfer' ? { ...body, toWalletId: to } : body };
        const answer = await ask(coffer, asked);
        if (answer) answered.push([asked, answer]);
        else unanswered.push(asked);
      }
    };
    const load = Array.from({ length: callers }, (_, number) => caller(String(number)));
    const enough = answered.length + callers * 2;
    await until(() => answered.length > enough, { what: `${enough} answers`, seen: () => `${answered.length} came`, everyMs: 5 });
    await pause(random() * 400);
    await coffer.end('SIGKILL');
    killed = true;
    await Promise.all(load);
  }
  console.info(`killed the server ${lives} times: ${answered.length} answers, ${unanswered.length} without one`);
  expect(answered.length).toBeGreaterThan(lives * callers);
  // Kills that interrupt nothing prove nothing.
  expect(unanswered.length).toBeGreaterThanOrEqual(lives);

  const coffer = await startCofferProcess(database.url);
  // The stored answer again, byte for byte; money rules answer 201 or a refusal, and no answer is a server failure.
  const inParts = async <T>(all: readonly T[], each: (one: T) => Promise<void>) => {
    const part = async (first: number) => {
      for (let at = first; at < all.length; at += callers) await each(all[at] as T);
    };
    await Promise.all(Array.from({ length: callers }, (_, first) => part(first)));
  };
  await inParts(answered, async ([asked, answer]) => expect(await askUntilAnswered(coffer, asked)).toEqual(answer));
  await inParts(unanswered, async (asked) => {
    const first = await askUntilAnswered(coffer, asked);
    expect([201, 400, 422]).toContain(first.status);
    expect(await askUntilAnswered(coffer, asked)).toEqual(first);
  });
  expect(await coffer.end('SIGTERM')).toBe(0);

  const { rows } = await database.pool.query<{ effects: number }>(
    'select count(*) as effects from ledger.entry group by scope, key having count(*) > 1 and key is not null',
  );
  expect(rows).toEqual([]);
  const report = await verify(database.pool);
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
}, 900_000);
