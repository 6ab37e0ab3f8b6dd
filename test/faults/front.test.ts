/** `coffer start front` and `coffer start ledger`: one process serves, another owns the books. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endWithTest } from '../support/children.ts';
import { startCofferProcess } from '../support/coffer-process.ts';
import { runToSuccess, userEnvironment } from '../support/command.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const root = path.resolve(import.meta.dirname, '../..');
const coffer = path.join(root, 'packages/coffer/bin/coffer.mjs');
const home = mkdtempSync(path.join(os.tmpdir(), 'coffer-ledger-'));
let database: TestDatabase;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  database = await createTestDatabase();
  env = userEnvironment({ DATABASE_URL: database.url, COFFER_HOME: home, LOG_LEVEL: 'error' });
});
afterAll(() => database.drop());

async function startOwner(): Promise<{ kill(): Promise<void> }> {
  const child = spawn(process.execPath, [coffer, 'start', 'ledger'], { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
  endWithTest(child);
  const ended = once(child, 'exit');
  await until(async () => (await books())[0]?.owner !== null, { what: 'an owner', seen: () => 'no owner' });
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

type Book = { readonly book: number; readonly term: number; readonly owner: string | null };

async function books(): Promise<Book[]> {
  const { rows } = await database.pool.query<Book>(
    'select l.book, l.term, p.address as owner from ownership.lease l left join ownership.process p on p.id = l.process',
  );
  return rows.length > 0 ? rows : [{ book: 1, term: 0, owner: null }];
}

it('a front serves while a ledger process runs, says 503 without one, and goes on with the next under the same keys', async () => {
  const first = await startOwner();
  const front = await startCofferProcess(database.url, { COFFER_LOG_FILES: 'off', LOG_LEVEL: 'error' }, 'ignore', ['front']);
  const deposit = async (requestId: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ amount: 5, requestId });
    const answer = await fetch(`${front.api}/wallet/w1/deposit`, { method: 'POST', headers, body });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  try {
    expect(await deposit('one')).toMatchObject({ status: 201, body: { balance: '5' } });
    await first.kill();
    const waiting = deposit('two');
    expect((await deposit('three')).status).toBe(503);
    expect((await fetch(`${front.api}/health`)).status).toBe(503);
    const second = await startOwner();
    await waiting;
    expect(await deposit('two')).toMatchObject({ status: 201, body: { balance: '10' } });
    expect((await fetch(`${front.api}/health`)).status).toBe(200);
    const listed = JSON.parse(
      await runToSuccess(process.execPath, [coffer, 'books', '--json'], { cwd: root, env, withinMs: 60_000 }),
    ) as Book[];
    expect(listed).toMatchObject([{ book: 1, term: 2, owner: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown }]);
    await second.kill();
  } finally {
    await front.end('SIGKILL');
  }
});
