import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Embedded } from '../../packages/coffer/src/database/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { newBook, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { askForUnknown, checkHistory, postAnswered, postJournalled } from '../support/history.ts';
import type { Call, History } from '../support/history.ts';
import { pause, startLoad } from '../support/load.ts';
import { startProxy } from '../support/database-proxy.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { startTestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { workloadOperation } from '../support/workload.ts';

/** A separate PostgreSQL for this file: the tests stop it under load. */
let server: Embedded;
let database: TestDatabase;
beforeAll(async () => {
  server = await startTestServer();
  database = await createTestDatabase(server.url);
});
afterAll(async () => {
  const report = await verify(database.pool);
  await database.drop();
  await server.stop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

/** Initial deposits, so that not every withdrawal and transfer of the load is refused. */
const opening = Array.from({ length: 8 }, (_, at) => ({
  kind: 'deposit' as const,
  key: `first ${at}`,
  debit: { system: 'cash_in' as const },
  credit: { wallet: `w${at}`, opens: { owner: null, asset: 1, floor: 0n } },
  amount: 500n,
}));

describe('connections are terminated under load', () => {
  it('no answer is lost, nothing is reported as failed, and posting continues without intervention', async () => {
    const seed = seedOf('terminated connections');
    const random = randomFrom(seed);
    const book = await newBook(database);
    const writer = await startWriter(database.url, book);
    const load = startLoad(writer, { seed, callers: 24 });
    let terminated = 0;
    // A busy machine reconnects slowly, so a round may find no connection to end.
    for (let round = 0; round < 20 || terminated <= 10; round++) {
      await pause(20 + random() * 150);
      const chance = random();
      const role = chance < 0.6 ? 'posting' : chance < 0.85 ? 'looking up' : 'moving';
      const { rowCount } = await database.pool.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
        `coffer book ${book} ${role}`,
      ]);
      terminated += rowCount ?? 0;
    }
    await load.stop();
    await writer.stop();
    expect(terminated).toBeGreaterThan(10);
    const summary = await checkHistory(load.history, database, book);
    console.info(`terminated ${terminated} connections`, summary);
    expect((await askForUnknown(load.history, database, book)).unknown).toBe(0);
  });

  it('an idle writer reconnects without a request, so it is ready before the next one', async () => {
    const book = await newBook(database);
    const writer = await startWriter(database.url, book);
    const own = `select array_agg(pid order by pid) as pids from pg_stat_activity where application_name like 'coffer book ${book} %'`;
    const connections = async () => (await database.pool.query<{ pids: number[] | null }>(own)).rows[0]?.pids ?? [];
    const cut = await connections();
    expect(cut).toHaveLength(3);
    await database.pool.query('select pg_terminate_backend(pid) from unnest($1::integer[]) pid', [cut]);
    // Whether it appears unready in between depends on its speed.
    await expect.poll(async () => (await connections()).filter((pid) => !cut.includes(pid)).length).toBe(3);
    await expect.poll(() => writer.fault).toBeNull();
    await writer.stop();
  });
});

describe('the answer is lost after the commit', () => {
  it('the caller gets the original answer, or "unknown" and the original with the same key', async () => {
    const seed = seedOf('lost answers');
    const random = randomFrom(seed);
    const book = await newBook(database);
    const proxy = await startProxy(database.url);
    const writer = await startWriter(proxy.url, book);
    const load = startLoad(writer, { seed, callers: 12 });
    let lost = 0;
    let armed = false;
    // PostgreSQL reports a statement as complete when its transaction is committed. Not the check of a new connection, which asks for `backend`.
    proxy.judge = ({ greeting }, piece) => {
      if (!armed || !greeting.includes('posting') || !piece.includes('SELECT 1') || piece.includes('backend')) return 'pass';
      armed = false;
      lost++;
      return 'cut';
    };
    for (let round = 0; round < 50; round++) {
      await pause(20 + random() * 40);
      armed = true;
      await until(() => !armed, { what: `answer ${round + 1} to be lost`, seen: () => `${answers(load.history)} calls were answered` });
    }
    proxy.judge = null;
    await load.stop();
    await writer.stop();
    await proxy.stop();
    expect(lost).toBe(50);
    const summary = await checkHistory(load.history, database, book);
    // Committed, unanswered, then retried by the writer: the caller gets the original result.
    expect(load.history.filter(({ result }) => typeof result !== 'string' && result.replayed).length).toBeGreaterThan(20);
    console.info(`lost ${lost} answers`, summary);
  });

  it('a caller that times out first gets "unknown", never "failed", and gets the original later', async () => {
    const book = await newBook(database);
    const proxy = await startProxy(database.url);
    const writer = await startWriter(proxy.url, book, { patienceMs: 2_000 });
    const history: History = [];
    for (const operation of opening) await postAnswered(history, writer, operation);
    proxy.judge = ({ greeting }) => (greeting.includes('posting') ? 'hold' : 'pass');
    // An operation that a busy machine does not send within two seconds is known not to be done, and is retried under another key.
    let operation: Operation;
    let first: Call;
    let tried = 0;
    do {
      operation = workloadOperation(() => 0.1, `held back ${++tried}`);
      first = await postJournalled(history, writer, operation);
    } while (first.result === 'not_done');
    expect(first.result).toBe('unknown');
    proxy.judge = null;
    proxy.release();
    await expect
      .poll(async () => (await postJournalled(history, writer, operation)).result)
      .toMatchObject({ status: 'posted', replayed: true });
    await writer.stop();
    await proxy.stop();
  });

  it('a connection that breaks while the other is still connecting is an outage and does not crash the process', async () => {
    const book = await newBook(database);
    const proxy = await startProxy(database.url);
    proxy.judge = ({ greeting }) => (greeting.includes('looking up') ? 'hold' : 'pass');
    const starting = startWriter(proxy.url, book);
    starting.catch(() => undefined);
    const posting = `from pg_stat_activity where application_name = 'coffer book ${book} posting'`;
    await expect.poll(async () => (await database.pool.query(`select ${posting} and state = 'idle'`)).rowCount).toBe(1);
    await pause(50);
    expect((await database.pool.query(`select pg_terminate_backend(pid) ${posting}`)).rowCount).toBe(1);
    await pause(100);
    proxy.judge = null;
    proxy.release();
    const settled = await Promise.allSettled([starting]);
    for (const { value } of settled.filter((one) => one.status === 'fulfilled')) await value.stop();
    await proxy.stop();
  });
});

describe('PostgreSQL is stopped immediately under load, and restarted', () => {
  it('no answer is lost, nothing is reported as failed, and posting resumes without intervention', async () => {
    const seed = seedOf('PostgreSQL stopped');
    const random = randomFrom(seed);
    const book = await newBook(database);
    const writer = await startWriter(database.url, book);
    const load = startLoad(writer, { seed, callers: 24, retries: 100 });
    for (const operation of opening) await postAnswered(load.history, writer, operation);
    for (let stops = 0; stops < 3; stops++) {
      await pause(200 + random() * 300);
      const answeredBefore = answers(load.history);
      process.kill(postmasterId(), 'SIGQUIT');
      const more = () => answers(load.history) - answeredBefore;
      await until(() => more() > 50, { what: `50 answers after stop ${stops + 1} of PostgreSQL`, seen: () => `${more()} came` });
    }
    await load.stop();
    await writer.stop();
    const summary = await checkHistory(load.history, database, book);
    console.info('stopped PostgreSQL 3 times', summary);
    expect((await askForUnknown(load.history, database, book)).unknown).toBe(0);
  });
});

function answers(history: History): number {
  return history.filter(({ result }) => typeof result !== 'string').length;
}

function postmasterId(): number {
  return Number.parseInt(fs.readFileSync(path.join(server.folder, 'data', 'postmaster.pid'), 'utf8'), 10);
}
