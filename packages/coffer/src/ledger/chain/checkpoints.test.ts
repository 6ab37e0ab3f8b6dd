import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../../test/support/database.ts';
import { silentLog } from '../../kernel/index.ts';
import { forgetCheckpoints, readCheckpoints, startCheckpoints } from './checkpoints.ts';
import { openLedger } from '../ledger.ts';
import type { Ledger } from '../ledger.ts';
import { verify } from '../verify/index.ts';

let database: TestDatabase;
let ledger: Ledger;
let home: string;
let file: string;
let posted = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  ledger = await openLedger({ url: database.url, log: silentLog() });
});
afterAll(async () => {
  await ledger.stop();
  await database.drop();
});
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'coffer-checkpoints-'));
  file = path.join(home, 'checkpoints', 'book-1.jsonl');
  return () => rm(home, { recursive: true });
});

async function post(): Promise<number> {
  const opens = { owner: null, asset: 1, floor: 0n };
  const outcome = await ledger.post({
    kind: 'deposit',
    key: `deposit ${++posted}`,
    debit: { system: 'cash_in' },
    credit: { wallet: 'w', opens },
    amount: 1n,
  });
  return outcome.seq;
}

function start() {
  return startCheckpoints({ pool: database.pool, home, everyMs: 60_000, log: silentLog() });
}

describe('checkpoints', () => {
  it('note where the log ends, once, when they start and when they stop', async () => {
    const first = await post();
    const checkpoints = start();
    await expect.poll(() => readCheckpoints(home)).toHaveLength(1);
    const second = await post();
    await checkpoints.stop();
    expect((await readCheckpoints(home)).map(({ lastSeq }) => lastSeq)).toEqual([first, second]);
  });

  it('note nothing while the log does not move', async () => {
    await post();
    await start().stop();
    const before = await readFile(file, 'utf8');
    const checkpoints = startCheckpoints({ pool: database.pool, home, everyMs: 10, log: silentLog() });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await checkpoints.stop();
    // A new start does not know what the last one noted, so it notes it again: one line.
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(before.trim().split('\n').length + 1);
  });

  it('outlive a line that a crash cut short', async () => {
    const first = await post();
    await start().stop();
    await appendFile(file, '{"book":1,"openedUs":17');
    const second = await post();
    await start().stop();
    expect((await readCheckpoints(home)).map(({ lastSeq }) => lastSeq)).toEqual([first, second]);
  });

  it('keep their file small: recent ones all, of the older ones every second', async () => {
    await post();
    await start().stop();
    const line = (await readFile(file, 'utf8')).trim();
    await writeFile(file, `${line}\n`.repeat(15_000));
    const last = await post();
    await start().stop();
    const kept = await readCheckpoints(home);
    expect(kept.length).toBe(2_000 + Math.ceil((15_001 - 2_000) / 2));
    expect(kept.at(-1)?.lastSeq).toBe(last);
  });

  it('of another ledger say nothing about this one', async () => {
    await post();
    await start().stop();
    const [checkpoint] = await readCheckpoints(home);
    if (!checkpoint) throw new Error('a checkpoint was noted');
    const foreign = { ...checkpoint, openedUs: checkpoint.openedUs - 1, hash: '00'.repeat(32) };
    const report = await verify(database.pool, { checkpoints: [checkpoint, foreign] });
    expect(report).toMatchObject({ ok: true, foreignCheckpoints: 1 });
  });

  it('are forgotten with the ledger', async () => {
    await start().stop();
    await forgetCheckpoints(home);
    expect(await readCheckpoints(home)).toEqual([]);
  });

  it('that cannot be written are no failure of the process', async () => {
    const seq = await post();
    const checkpoints = startCheckpoints({ pool: database.pool, home: `${file}\0`, everyMs: 60_000, log: silentLog() });
    await checkpoints.stop();
    await start().stop();
    expect((await readCheckpoints(home)).at(-1)?.lastSeq).toBe(seq);
  });
});
