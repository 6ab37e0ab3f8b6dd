// A running Coffer whose database falls back behind what was answered, until an operator accepts the loss.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCofferProcess } from '../support/coffer-process.ts';
import type { CofferProcess } from '../support/coffer-process.ts';
import { runCommand, userEnvironment } from '../support/command.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { changeAsOwner } from './tampering.ts';

const root = path.resolve(import.meta.dirname, '../..');
let database: TestDatabase;
let home: string;
let coffer: CofferProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  home = await mkdtemp(path.join(os.tmpdir(), 'coffer-lost-'));
  coffer = await startCofferProcess(database.url, { COFFER_HOME: home });
});
afterAll(async () => {
  await coffer.end('SIGTERM');
  await database.drop();
  await rm(home, { recursive: true });
});

async function deposit(): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${coffer.api}/wallet/w1/deposit`, { method: 'POST', headers, body: JSON.stringify({ amount: 5 }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function health(): Promise<{ status: number; detail: string }> {
  const answer = await fetch(`${coffer.api}/health`);
  return { status: answer.status, detail: ((await answer.json()) as { detail: string }).detail };
}

async function hasHealth(status: number, detail = ''): Promise<void> {
  let seen = '';
  const isSo = async () => {
    const found = await health();
    seen = JSON.stringify(found);
    return found.status === status && found.detail.includes(detail);
  };
  await until(isSo, { what: `/health to answer ${status}`, seen: () => seen });
}

async function acceptLoss(...more: string[]) {
  const env = userEnvironment({ DATABASE_URL: database.url, COFFER_HOME: home });
  const args = [path.join(root, 'packages/coffer/bin/coffer.mjs'), 'accept-loss', '--reason', 'a restore', ...more];
  return await runCommand(process.execPath, args, { cwd: root, env, withinMs: 120_000 });
}

test('it answers 503, names the loss and the remedy, and goes on after the operator’s word', async () => {
  for (let time = 0; time < 4; time++) expect((await deposit()).status).toBe(201);
  expect(JSON.parse((await acceptLoss('--json')).stdout)).toEqual({ accepted: [] });

  await changeAsOwner(
    database,
    `delete from ledger.entry where seq > (select last_seq from ledger.batch order by batch_no desc offset 1 limit 1);
     delete from ledger.batch where batch_no = (select max(batch_no) from ledger.batch);
     select ledger.rebuild_newest(1)`,
  );
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'coffer book%' and datname = current_database()",
  );
  await hasHealth(503, 'coffer accept-loss');
  expect(await deposit()).toMatchObject({ status: 503, body: { code: 'history_lost' } });
  expect(await (await fetch(`${coffer.api}/metrics`)).text()).toContain('coffer_book_ready{book="1"} 0');

  const unconfirmed = await acceptLoss();
  expect([unconfirmed.code, unconfirmed.stderr]).toEqual([1, expect.stringContaining('--yes')]);
  expect((await health()).status).toBe(503);

  const accepted = await acceptLoss('--yes');
  expect([accepted.code, accepted.stdout]).toEqual([0, expect.stringMatching(/^Accepted: book 1 ends at seq \d/)]);
  await hasHealth(200);
  const { status, body } = await deposit();
  expect([status, body['operationId']]).toEqual([201, '1-1000000000001']);
});
