import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger, startCheckpoints } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, VerifyReport } from '../../packages/coffer/src/ledger/index.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

const launcher = path.resolve(import.meta.dirname, '../../packages/coffer/bin/coffer.mjs');

let database: TestDatabase;
let ledger: Ledger;
let home: string;
beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'coffer-verify-'));
  database = await createTestDatabase();
  // The command works while a server is running.
  ledger = await openLedger({ url: database.url, log: silentLog() });
  const opens = { owner: null, asset: 1, floor: 0n };
  for (const amount of [1n, 2n, 3n]) {
    await ledger.post({ kind: 'deposit', key: `deposit ${amount}`, debit: { system: 'cash_in' }, credit: { wallet: 'w', opens }, amount });
  }
  await startCheckpoints({ pool: database.pool, home, everyMs: 60_000, log: silentLog() }).stop();
});
afterAll(async () => {
  await ledger.stop();
  await database.drop();
  await rm(home, { recursive: true });
});

type Said = { code: number; out: string; err: string };

async function coffer(url: string, ...said: (string | Record<string, string>)[]): Promise<Said> {
  const words = said.filter((one) => typeof one === 'string');
  const settings = said.filter((one) => typeof one !== 'string');
  const env = Object.assign({ ...process.env, DATABASE_URL: url, COFFER_HOME: home }, ...settings) as NodeJS.ProcessEnv;
  return await new Promise((resolve) => {
    execFile(process.execPath, [launcher, ...words], { env }, (failure, out, err) => {
      resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, out, err });
    });
  });
}

describe('coffer verify', () => {
  it('reports an intact ledger as intact, with its length and its head', async () => {
    const { code, out } = await coffer(database.url, 'verify');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^The ledger is intact: every balance, version, key, event and hash matches the log \(5 entries, 4 batches, 2 accounts, 4 events, 1 checkpoint; /,
    );
    expect(out).toMatch(/Book 1 ends at seq 5 with hash [0-9a-f]{64}\./);
  });

  it('names the first inconsistent row and exits with code 1', async () => {
    const change = (amount: number) =>
      database.pool.query(
        `alter table ledger.entry disable trigger append_only; update ledger.entry set amount = ${amount} where seq = 4; alter table ledger.entry enable always trigger append_only`,
      );
    await change(200);
    const [told, listed] = await Promise.all([coffer(database.url, 'verify'), coffer(database.url, 'verify', '--json')]);
    await change(2);

    expect(told.code).toBe(1);
    expect(told.out).toContain('The ledger is NOT consistent');
    expect(told.out).toMatch(
      /I3 .*\n {3}2 violations, the first at 1-4: the debit balance of \$cash_in\/1 after it: expected -201, found -3\./,
    );
    expect(listed.code).toBe(1);
    const report = JSON.parse(listed.out) as VerifyReport;
    expect(report.invariants.filter(({ ok }) => !ok).map(({ id, first }) => `${id} ${first?.at}`)).toEqual([
      'I2 account 1 of book 1 ($cash_in/1)',
      'I3 1-4',
      'I11 1-4',
    ]);
  });

  it('takes the ends that somebody wrote down: a later one is enough to show a cut, another hash a change', async () => {
    const { out } = await coffer(database.url, 'verify', '--json');
    const hash = (JSON.parse(out) as VerifyReport).books[0]?.hash ?? '';
    const other = 'ab'.repeat(32);
    const codes = await Promise.all(
      [`1:5:${hash}`, `1:5:${other}`, `1:6:${hash}`].map(async (expected) => {
        const told = await coffer(database.url, 'verify', '--expect', expected);
        return told.code;
      }),
    );
    expect(codes).toEqual([0, 1, 1]);
    const unreadable = await coffer(database.url, 'verify', '--expect', '1:5');
    expect([unreadable.code, unreadable.err]).toEqual([1, expect.stringContaining('book:seq:hash')]);
  });

  it('compares the ledger with printed checkpoints, and takes only signed ones with --public-key', async () => {
    const key = path.join(home, 'key.pem');
    expect((await coffer(database.url, 'checkpoint', '--new-key', key)).code).toBe(0);
    const [signed, unsigned] = await Promise.all([
      coffer(database.url, 'checkpoint', { COFFER_CHECKPOINT_KEY_FILE: key }),
      coffer(database.url, 'checkpoint'),
    ]);
    expect(JSON.parse(signed.out.split('\n')[0] ?? '')).toMatchObject({
      book: 1,
      lastSeq: 5,
      signature: expect.stringMatching(/^[\w+/]{86}==$/) as unknown,
    });
    const verifyWith = async (line: string, ...words: string[]) => {
      const file = path.join(home, 'shipped.jsonl');
      await writeFile(file, line);
      return await coffer(database.url, 'verify', '--checkpoints', file, ...words);
    };
    const signer = ['--public-key', `${key}.pub`];
    expect(await verifyWith(signed.out, ...signer)).toMatchObject({ code: 0, out: expect.stringContaining('2 checkpoints') as unknown });
    expect(await verifyWith(unsigned.out)).toMatchObject({ code: 0 });
    const rejected = await verifyWith(unsigned.out, ...signer);
    expect(rejected.code).toBe(1);
    expect(rejected.out).toContain('shipped.jsonl: its signature: expected one by the given key, found none.');
    expect(await verifyWith(unsigned.out.replace('"lastSeq":5', '"lastSeq":6'))).toMatchObject({ code: 1 });
    const aimless = await coffer(database.url, 'verify', ...signer);
    expect([aimless.code, aimless.err]).toEqual([1, expect.stringContaining('--checkpoints <file>')]);
  });

  it('explains what to do when there is no ledger', async () => {
    const empty = await createEmptyDatabase();
    const { code, err } = await coffer(empty.url, 'verify');
    await empty.drop();
    expect(code).toBe(1);
    expect(err).toContain('There is no ledger in');
    expect(err).toContain('coffer migrate');
  });
});
