// A long stream on a bad network: every operation takes effect once, and every answer matches the log.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { rounds } from '../support/rounds.ts';
import { outsider } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

const perRequest = rounds(100, 25);
const operations = 200 * perRequest;
const inFlight = 16;
const wallets = 50;
/** The number of answers after which each connection is cut; the last connection lasts to the end. */
const lives = [7, 1, 40, 23, 0, 60, 12];

type Result = {
  readonly [field: string]: unknown;
  readonly request_id: string;
  readonly operation_id: string;
  readonly replayed: boolean;
  readonly status: string;
};
type Answer = { readonly id: string; readonly results: readonly Result[]; readonly problem: unknown };
type Request = { readonly id: number; readonly operations: readonly object[] };

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());

/** Deposits, and transfers in a circle, some of which lack funds; every tenth operation repeats an earlier key. */
function operationAt(at: number): object {
  const nth = at % 10 === 9 ? at - 5 : at;
  const terms = { request_id: `n${nth}` };
  const wallet_id = `s${nth % wallets}`;
  if (nth < wallets || nth % 3 === 0) return { deposit: { wallet_id, amount: 1 + (nth % 7), terms } };
  return { transfer: { wallet_id, to_wallet_id: `s${(nth * 7 + 1) % wallets}`, amount: 1 + (nth % 11), terms } };
}

const requests = Array.from({ length: operations / perRequest }, (_, id): Request => {
  return { id, operations: Array.from({ length: perRequest }, (_one, at) => operationAt(id * perRequest + at)) };
});

/** Sends all unanswered requests; resolves when all have answers or the connection was cut after `life` answers. */
async function stream(answers: Map<number, Answer>, life: number): Promise<void> {
  const client = outsider(platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
  const call = client.open('PostStream');
  const waiting = requests.filter(({ id }) => !answers.has(id));
  let unanswered = waiting.length;
  let left = life;
  const next = () => {
    const request = waiting.shift();
    if (request) call.write(request);
  };
  const gone = new Promise<void>((resolve) => {
    call.on('error', () => resolve());
    call.on('end', () => resolve());
  });
  call.on('data', (message) => {
    if (left === 0) return;
    const answer = message as Answer;
    answers.set(Number(answer.id), answer);
    left--;
    unanswered--;
    if (left === 0) call.cancel();
    else if (unanswered === 0) call.end();
    else next();
  });
  for (let request = 0; request < inFlight; request++) next();
  // Cut before the first answer: the outcome of every sent request is unknown.
  if (left === 0) setTimeout(() => call.cancel(), 20);
  await gone;
  client.close();
}

test(`${operations} operations in requests of ${perRequest}, with duplicates and cut connections: each takes effect once, and its answer matches the log`, async () => {
  const answers = new Map<number, Answer>();
  for (const life of lives) await stream(answers, life);
  expect(answers.size).toBe(lives.reduce((sum, life) => sum + life));
  await stream(answers, Number.POSITIVE_INFINITY);
  expect(answers.size).toBe(requests.length);

  const results = requests.flatMap(({ id }) => answers.get(id)?.results ?? []);
  expect(results).toHaveLength(operations);
  expect(requests.filter(({ id }) => answers.get(id)?.problem !== null)).toEqual([]);
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['completed', 'refused']));

  // One key, one operation: a duplicate gets the same answer.
  const byKey = new Map(results.toReversed().map((result) => [result.request_id, result]));
  const repeated = results.filter((result) => byKey.get(result.request_id) !== result);
  expect(repeated).toHaveLength(operations / 10);
  expect(repeated).toEqual(repeated.map(({ request_id }) => ({ ...byKey.get(request_id), replayed: true })));
  // Operations sent before a cut and left unanswered were still done, and a retry is answered as a replay.
  expect(results.filter(({ replayed }) => replayed).length).toBeGreaterThan(repeated.length);

  await expectTheLogToSay(byKey);
  const report = await verify(platform.database.pool);
  expect([report.ok, report.invariants.filter(({ violations }) => violations > 0)]).toEqual([true, []]);
});

async function expectTheLogToSay(byKey: ReadonlyMap<string, Result>): Promise<void> {
  const { rows } = await platform.database.pool.query<{ key: string; id: string; status: string; amount: string | null }>(
    `select regexp_replace(key, '^\\x02[a-z]+/', '') as key, book || '-' || seq as id, amount::text, case when refusal is null then 'completed' else 'refused' end as status
     from ledger.entry where kind <> 'open' order by seq`,
  );
  expect(rows).toHaveLength(byKey.size);
  const told = rows.map(({ key }) => byKey.get(key));
  expect(told.map((result) => [result?.operation_id, result?.status, result?.['amount'] ?? null])).toEqual(
    rows.map(({ id, status, amount }) => [id, status, amount]),
  );
  const client = outsider(platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
  for (let wallet = 0; wallet < wallets; wallet++) {
    const wallet_id = `s${wallet}`;
    const read = (await client.call('GetWallet', { wallet_id })).message;
    const last = [...byKey.values()].flatMap(({ from, to, wallet: own, seq }) =>
      [from, to, own].flatMap((side) => {
        const { id, balance, version } = (side ?? {}) as { id?: string; balance?: string; version?: string };
        return id === wallet_id ? [{ balance, version, seq: Number(seq) }] : [];
      }),
    );
    // Some wallets never received a payment, and transfers to them were refused.
    const newest = last.toSorted((one, other) => one.seq - other.seq).at(-1);
    expect([wallet_id, read?.['balance'], read?.['version']]).toEqual([wallet_id, newest?.balance, newest?.version]);
  }
  client.close();
}
