/** Real processes, killed between any two steps of a transfer and within each; another process ends their transfers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { SagaResumer } from '../../packages/coffer/src/wallets/index.ts';
import { endWithTest } from '../support/children.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { firstWords, newJournal } from '../support/journal.ts';
import { pause } from '../support/load.ts';
import { points } from '../support/saga-points.ts';
import { expectWhole, fund, moneyIn, openBooks, underWay, walletIn, walletsOn } from '../support/sagas.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import path from 'node:path';
import { within } from '../support/until.ts';

const books = 3;
const killsPerPoint = 2;
const killsAtAnyTime = 6;
const funded = 1_000n;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

type Asked = { readonly from: string; readonly to: string; readonly key: string; readonly amount: string };
type Told = { readonly key: string; readonly from: string; readonly status: string; readonly seq: number; readonly refusal: string | null };

/** Starts a process that transfers until it dies; returns its requests and their answers. */
async function live(life: number, seed: number, point: string, wallets: readonly string[], killAfterMs: number | null) {
  const script = path.join(import.meta.dirname, '../support/saga-child.ts');
  const args = [script, database.url, String(books), String(seed), String(life), point, wallets.join(',')];
  const journal = newJournal();
  const child = spawn(process.execPath, args, { stdio: ['ignore', journal.fd, 'inherit'] });
  endWithTest(child);
  const gone = once(child, 'close') as Promise<[number | null, string | null]>;
  if (killAfterMs !== null) {
    await firstWords(child, journal, `life ${life}`);
    await pause(killAfterMs);
    child.kill('SIGKILL');
  }
  const seen = () => `it lives, and wrote ${journal.text().split('\n').length - 1} lines`;
  const [code, signal] = await within(gone, { what: `life ${life} to end at "${point}"`, seen });
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  const text = journal.text();
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
  const parsed = lines.map((line) => JSON.parse(line) as Asked | Told);
  return { asked: parsed.filter((line): line is Asked => 'to' in line), told: parsed.filter((line): line is Told => 'status' in line) };
}

it('conserves the money at every moment, ends every transfer once, and answers a retry with the original answer', async () => {
  const seed = seedOf('saga kills');
  const random = randomFrom(seed);
  const ledger = await openBooks(database.url, books);
  const { commands } = walletsOn(ledger);
  const wallets = [1, 2, 3].flatMap((book) => [1, 2, 3].map((number) => walletIn(ledger, book, `w${number}-`)));
  for (const wallet of wallets) await fund(ledger, wallet, funded);
  const [frozen = ''] = wallets;
  await commands.freeze({ wallet: frozen, sides: 'credits', reason: 'a test', actor: 'operator:test' });
  const names = [...wallets, walletIn(ledger, 2, 'nobody-')];
  const money = { total: 0n, all: funded * BigInt(wallets.length) };
  const expectConserved = async () => {
    const { total, inWallets, inTransit } = await moneyIn(database.pool);
    expect({ total, all: inWallets + inTransit }).toEqual(money);
    expect(inTransit >= 0n).toBe(true);
  };

  const asked: Asked[] = [];
  const told: Told[] = [];
  const lives = [
    ...points.flatMap((point) => Array.from({ length: killsPerPoint }, () => point)),
    ...Array.from({ length: killsAtAnyTime }, () => ''),
  ];
  let interrupted = 0;
  for (const [life, point] of lives.entries()) {
    let dead = false;
    const watching = (async () => {
      while (!dead) await expectConserved();
    })();
    const one = await live(life, Math.floor(random() * 2 ** 31), point, names, point === '' ? 50 + random() * 200 : null);
    dead = true;
    await watching;
    asked.push(...one.asked);
    told.push(...one.told);
    interrupted = await underWay(database.pool);
  }
  // Kills must interrupt work to prove anything.
  expect(interrupted).toBeGreaterThan(killsPerPoint);

  // Two concurrent workers on separate connections.
  const other = await openBooks(database.url, books);
  const resumers = [ledger, other].map((one) => new SagaResumer({ ledger: one, log: silentLog(), everyMs: 20, olderThanMs: 0 }));
  await expect.poll(() => underWay(database.pool)).toBe(0);
  await Promise.all(resumers.map((resumer) => resumer.stop()));
  await other.stop();
  expect(await moneyIn(database.pool)).toMatchObject({ total: 0n, inTransit: 0n });

  const before = await moneyIn(database.pool);
  const answers = new Map(told.map((one) => [`${one.from} ${one.key}`, one]));
  const fresh: Asked[] = [];
  const repeated: object[] = [];
  const given: object[] = [];
  for (const { from, to, key, amount } of asked) {
    const answer = answers.get(`${from} ${key}`);
    if (!answer) fresh.push({ from, to, key, amount });
    else {
      const again = await commands.transfer({ from, to, key, amount: BigInt(amount), mode: 'saga' });
      const refusal = again.status === 'refused' ? again.refusal.code : null;
      // Unrecorded answers, to a missing wallet, contain the end of the log.
      repeated.push({ status: again.status, refusal, seq: again.entry ? again.seq : answer.seq });
      given.push({ status: answer.status, refusal: answer.refusal, seq: answer.seq });
    }
  }
  expect(repeated).toEqual(given);
  expect(await moneyIn(database.pool)).toEqual(before);
  for (const { from, to, key, amount } of fresh) {
    const first = await commands.transfer({ from, to, key, amount: BigInt(amount), mode: 'saga' });
    expect(first.saga?.status).not.toBe('debited');
  }
  await expectConserved();
  await ledger.stop();
  await expectWhole(database);
  console.info(
    `seed ${seed}: ${lives.length} kills, ${asked.length} transfers asked for, ${told.length} answered, ${interrupted} left under way`,
  );
}, 900_000);
