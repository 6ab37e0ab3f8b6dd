/** The database repeatedly cuts the connections of a complete Coffer, starting when it reports that it serves. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCofferProcess } from '../support/coffer-process.ts';
import type { CofferProcess } from '../support/coffer-process.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { pause } from '../support/load.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until } from '../support/until.ts';

const starts = 10;
const cutsPerStart = 6;
/** The time in which the other parts start: the consumers of the log and the background workers. */
const withinMs = 300;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Ends every connection to the database except the one that runs the query, and returns their number. */
async function cutAll(): Promise<number> {
  const { rowCount } = await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
  );
  return rowCount ?? 0;
}

/** Retries under one key until an answer states the outcome. */
async function deposit(coffer: CofferProcess, requestId: string): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${coffer.api}/wallet/w1/deposit`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ amount: 5, requestId }),
  });
  return answer.status;
}

it(`does not exit and posts again, ${starts} times`, async () => {
  const random = randomFrom(seedOf('cut off from the start'));
  let [cuts, connections] = [0, 0];
  for (let start = 0; start < starts; start++) {
    const coffer = await startCofferProcess(database.url, { COFFER_LOG_FILES: 'off', LOG_LEVEL: 'error' });
    const servesSinceMs = performance.now();
    try {
      const moments = Array.from({ length: cutsPerStart }, () => random() * withinMs).toSorted((one, other) => one - other);
      let met = 0;
      const cutOnce = async () => {
        const cut = await cutAll();
        connections += cut;
        if (cut > 0) met++;
      };
      for (const moment of moments) {
        await pause(Math.max(0, servesSinceMs + moment - performance.now()));
        await cutOnce();
      }
      // Cuts that end no connection prove nothing; a busy machine reconnects slowly.
      const isMet = async () => {
        if (met < 2) await cutOnce();
        return met >= 2 || coffer.hasEnded;
      };
      await until(isMet, { what: `two cuts in start ${start} that meet a connection`, seen: () => `${met} did` });
      cuts += met;
      let answer: unknown = 'none';
      const posts = async () => {
        answer = coffer.hasEnded ? 'it has ended' : await deposit(coffer, `start ${start}`).catch(() => 'none');
        return answer === 201 || answer === 'it has ended';
      };
      await until(posts, { what: `a deposit after the cuts of start ${start}`, seen: () => `the last answer was ${String(answer)}` });
      expect([start, coffer.hasEnded]).toEqual([start, false]);
    } finally {
      await coffer.end('SIGKILL');
    }
  }
  console.info(`${starts} starts cut off ${cuts} times, ${connections} connections in all; 0 ends bounds the rate at 3/${starts}`);
  const { rows } = await database.pool.query(`select balance from ledger.balance where id = 'w1'`);
  expect(rows).toEqual([{ balance: BigInt(starts * 5) }]);
}, 400_000);
