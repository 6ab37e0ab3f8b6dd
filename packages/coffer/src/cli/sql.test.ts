import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { temporaryHome } from '../../../../test/support/server.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
let database: TestDatabase;
let home: string;
beforeAll(async () => {
  database = await createTestDatabase();
  home = temporaryHome();
});
afterAll(async () => {
  await database.drop();
  fs.rmSync(home, { recursive: true, force: true });
});

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function coffer(arguments_: string[], env: Record<string, string>): Promise<Run> {
  const options = { env: { ...process.env, COFFER_HOME: home, ...env } };
  return await promisify(execFile)(process.execPath, [launcher, ...arguments_], { ...options, maxBuffer: 8_000_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: Run) => failure,
  );
}

const sql = async (statement: string, ...options: string[]) => await coffer(['sql', statement, ...options], { DATABASE_URL: database.url });

describe('coffer sql', () => {
  it('prints rows as a table for people and as JSON for programs, columns of one name included', async () => {
    expect((await sql('select id, code from ledger.asset order by id limit 2')).stdout).toBe(
      ' id | code\n----+--------\n 1  | GOLD\n 2  | POINTS\n(2 rows)\n',
    );
    const { stdout } = await sql('select 1 as a, 2 as a, 10::numeric as big', '--json');
    expect(JSON.parse(stdout)).toEqual({ names: ['a', 'a', 'big'], rows: [[1, 2, '10']] });
  });

  it('prints as many rows as there are', async () => {
    expect((await sql('select repeat($$x$$, 3) as x from generate_series(1, 150000)')).stdout).toMatch(
      /^ x\n-----\n xxx\n[^]*\(150000 rows\)\n$/,
    );
  });

  it.each([
    ['changes a row', "update identity.users set name = 'x'", /read-only transaction|permission denied/],
    ['ends its transaction first', 'commit; delete from ledger.entry', /multiple commands/],
    ['writes a file', "copy (select 1) to '/tmp/coffer-sql-test'", /permission denied/],
    ['runs a program', "copy (select 1) to program 'true'", /permission denied/],
    ['reads a file of the machine', "select pg_read_file('/etc/hostname')", /permission denied/],
  ])('refuses a statement that %s', async (_what, statement, reason) => {
    const run = await sql(statement);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(reason);
    expect(run.stdout).toBe('');
  });
});

describe.each([['verify'], ['sql', 'select 1']])('coffer %s, where there is no database yet', (...command) => {
  it('says so and makes none', async () => {
    const empty = path.join(home, 'empty');
    const run = await coffer(command, { COFFER_HOME: empty });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('There is no Coffer database');
    expect(fs.existsSync(empty)).toBe(false);
  });
});
