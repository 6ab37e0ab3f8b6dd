/** The resumer ends abandoned transfers, and an unavailable book delays only its own. */
import type { OperationOutcome } from '../../packages/coffer/src/operations/index.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import { SagaResumer } from '../../packages/coffer/src/wallets/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startProxy } from '../support/database-proxy.ts';
import type { Proxy } from '../support/database-proxy.ts';
import { pause } from '../support/load.ts';
import { balanceOf, debitOnly, expectWhole, fund, moneyIn, openBooks, underWay, walletIn, walletsOn } from '../support/sagas.ts';
import { randomFrom, seedOf } from '../support/seed.ts';

let database: TestDatabase;
let proxy: Proxy;
let ledger: Ledger;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startProxy(database.url);
  ledger = await openBooks(proxy.url, 3, 2_000);
});
afterAll(async () => {
  await ledger.stop();
  await proxy.stop();
  await database.drop();
});

const quick = { everyMs: 20, olderThanMs: 0 } as const;

it('leaves a transfer alone until it reaches the minimum age', async () => {
  const [from, to] = [walletIn(ledger, 1, 'young-'), walletIn(ledger, 2, 'young-')];
  for (const wallet of [from, to]) await fund(ledger, wallet, 10n);
  await debitOnly(ledger, from, to, 1n);
  const patient = new SagaResumer({ ledger, log: silentLog(), everyMs: 10, olderThanMs: 3_600_000 });
  const [other, another] = [walletIn(ledger, 3, 'old-'), walletIn(ledger, 1, 'old-')];
  for (const wallet of [other, another]) await fund(ledger, wallet, 10n);
  await pause(100);
  await patient.stop();
  expect(await underWay(database.pool)).toBe(1);
  const resumer = new SagaResumer({ ledger, log: silentLog(), ...quick });
  await expect.poll(() => underWay(database.pool)).toBe(0);
  await resumer.stop();
  expect([await balanceOf(ledger, from), await balanceOf(ledger, to)]).toEqual([9n, 11n]);
});

it('ends transfers to other books during an outage of one, and the rest afterwards; an outage is logged once', async () => {
  const [from, stuck, well] = [walletIn(ledger, 1, 'away-'), walletIn(ledger, 2, 'away-'), walletIn(ledger, 3, 'away-')];
  for (const wallet of [from, stuck, well]) await fund(ledger, wallet, 100n);
  const lines: string[] = [];
  const log = silentLog();
  const told = Object.assign(Object.create(log) as typeof log, {
    warn: (_about: object, text: string) => void lines.push(text),
    error: (_about: object, text: string) => void lines.push(text),
  });
  const turn = await database.pool.connect();
  let resumer: SagaResumer;
  try {
    await turn.query('begin');
    await turn.query('select from ledger.book where book = 2 for no key update');
    for (let count = 0; count < 5; count++) {
      await debitOnly(ledger, from, stuck, 1n);
      await debitOnly(ledger, from, well, 1n);
    }
    resumer = new SagaResumer({ ledger, log: told, ...quick });
    await expect.poll(() => balanceOf(ledger, well)).toBe(105n);
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    expect(await underWay(database.pool)).toBe(5);
    expect(await moneyIn(database.pool)).toMatchObject({ total: 0n, inTransit: 5n });
  } finally {
    await turn.query('rollback');
    turn.release();
  }
  await expect.poll(() => underWay(database.pool)).toBe(0);
  await resumer.stop();
  expect(await balanceOf(ledger, stuck)).toBe(105n);
  expect(lines).toEqual(['Transfers between books wait for an unavailable book']);
});

it('ends each transfer once when answers of two books are cut off at random, and every caller gets the same answer', async () => {
  const random = randomFrom(seedOf('lost answers of sagas'));
  const { commands } = walletsOn(ledger);
  const wallets = [1, 2, 3].flatMap((book) => ['a', 'b'].map((name) => walletIn(ledger, book, `cut-${name}-`)));
  for (const wallet of wallets) await fund(ledger, wallet, 1_000n);
  const before = await moneyIn(database.pool);
  const resumer = new SagaResumer({ ledger, log: silentLog(), ...quick });
  let cuts = 0;
  proxy.judge = ({ greeting }) => (greeting.includes('posting') && cuts < 25 && random() < 0.15 && ++cuts > 0 ? 'cut' : 'pass');
  const pick = () => wallets[Math.floor(random() * wallets.length)] ?? '';
  const next = (at: number) => ({ from: pick(), to: pick(), amount: 3n, key: `cut ${at}`, mode: 'saga' as const });
  const asked: ReturnType<typeof next>[] = [];
  const first: (OperationOutcome | null)[] = [];
  // Requests sent together share answers, so the number of answers to cut off is not known in advance.
  while (asked.length < 100 || (cuts <= 5 && asked.length < 2_000)) {
    const some = Array.from({ length: 20 }, (_, at) => next(asked.length + at));
    asked.push(...some);
    first.push(...(await Promise.all(some.map(async (one) => await commands.transfer(one).catch(() => null)))));
  }
  proxy.judge = null;
  await expect.poll(() => underWay(database.pool)).toBe(0);
  await resumer.stop();
  expect(cuts).toBeGreaterThan(5);
  await expect.poll(() => ledger.ready).toBe(true);
  const again = await Promise.all(asked.map(async (one) => await commands.transfer(one)));
  for (const [at, outcome] of again.entries()) {
    const known = first[at];
    expect(outcome.saga?.status ?? outcome.status).not.toBe('debited');
    // Answered callers get the same answer again; the others get theirs now.
    expect(known?.entry?.seq ?? outcome.entry?.seq).toBe(outcome.entry?.seq);
  }
  const { rows } = await database.pool.query(
    'select from ledger.entry where key is not null group by book, scope, key having count(*) > 1',
  );
  expect(rows).toEqual([]);
  expect((await moneyIn(database.pool)).inWallets).toBe(before.inWallets);
  await expectWhole(database);
  console.info(`${cuts} answers cut off, ${first.filter((one) => one === null).length} callers without one`);
});
