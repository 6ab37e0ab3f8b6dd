import fs from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryHome } from '../../../../test/support/server.ts';
import { OperatorError, silentLog } from '../kernel/index.ts';
import { removeEmbedded, startEmbedded } from './index.ts';
import type { Embedded } from './index.ts';

const log = silentLog();
let home: string;
let server: Embedded;
beforeAll(async () => {
  home = temporaryHome();
  server = await startEmbedded({ home, log, temporary: true });
});
afterAll(async () => {
  await server.stop();
  await removeEmbedded({ home, log });
  fs.rmSync(home, { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

test.each(['writer', 'reader'] as const)('the embedded server has a login as %s that cannot become the superuser', async (role) => {
  const url = server.loginUrl(role);
  expect(await query(url, `select session_user as login, pg_has_role('coffer_${role}', 'set') as may`)).toEqual([
    { login: `coffer_${role}_login`, may: true },
  ]);
  await expect(query(url, 'set role coffer')).rejects.toThrow('permission denied');
  const escape = `do $$ begin perform set_config('role', 'none', true); execute 'copy (select 1) to program ''true'''; end $$`;
  await expect(query(url, escape)).rejects.toThrow('permission denied');
});

test('a joined server has the same logins', async () => {
  const guest = await startEmbedded({ home, log, whenRunning: 'join' });
  expect(guest.joined).toBe(true);
  expect(guest.loginUrl('reader')).toBe(server.loginUrl('reader'));
});

test('a refusal of the package is an OperatorError with its remedy', async () => {
  const failure = await startEmbedded({ home, log }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(OperatorError);
  expect(failure).toMatchObject({
    message: expect.stringContaining('is running on') as unknown,
    remedy: expect.stringContaining('COFFER_HOME') as unknown,
  });
});
