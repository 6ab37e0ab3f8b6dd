import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../../test/support/database.ts';
import { silentLog } from '../../kernel/index.ts';
import { forgetCheckpoints, readCheckpoints, startCheckpoints, thinned } from './checkpoints.ts';
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
  it('record the end of the log once at the start and once at the stop', async () => {
    const first = await post();
    const checkpoints = start();
    await expect.poll(() => readCheckpoints(home)).toHaveLength(1);
    const second = await post();
    await checkpoints.stop();
    expect((await readCheckpoints(home)).map(({ lastSeq }) => lastSeq)).toEqual([first, second]);
  });

  it('record nothing while the log does not grow', async () => {
    await post();
    await start().stop();
    const before = await readFile(file, 'utf8');
    const checkpoints = startCheckpoints({ pool: database.pool, home, everyMs: 10, log: silentLog() });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await checkpoints.stop();
    // A new start does not know the last checkpoint and records it again: one line.
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(before.trim().split('\n').length + 1);
  });

  it('survive a line that a crash cut short', async () => {
    const first = await post();
    await start().stop();
    await appendFile(file, '{"book":1,"openedUs":17');
    const second = await post();
    await start().stop();
    expect((await readCheckpoints(home)).map(({ lastSeq }) => lastSeq)).toEqual([first, second]);
  });

  it('keep their file small: all recent ones, every second one of the older', async () => {
    await post();
    await start().stop();
    const [noted] = await readCheckpoints(home);
    const older = Array.from({ length: 15_000 }, (_, at) => ({ ...noted, batchNo: at, lastSeq: at }));
    await writeFile(file, older.map((checkpoint) => `${JSON.stringify(checkpoint)}\n`).join(''));
    const last = await post();
    await start().stop();
    const seqs = (await readCheckpoints(home)).map(({ lastSeq }) => lastSeq);
    const recent = Array.from({ length: 1_999 }, (_, at) => 13_001 + at);
    expect(seqs).toEqual([...Array.from({ length: 6_501 }, (_, at) => 2 * at), ...recent, last]);
  });

  it('of another ledger are violations: it was here before', async () => {
    await post();
    await start().stop();
    const [checkpoint] = await readCheckpoints(home);
    if (!checkpoint) throw new Error('no checkpoint was recorded');
    const foreign = { ...checkpoint, ledger: '00000000-0000-4000-8000-000000000000' };
    const report = await verify(database.pool, { checkpoints: [checkpoint, foreign] });
    expect(report).toMatchObject({ ok: false });
    expect(report.invariants.find(({ id }) => id === 'I11')?.first?.at).toBe(`the checkpoint of ${checkpoint.at}`);
  });

  it('are deleted with the ledger', async () => {
    await start().stop();
    await forgetCheckpoints(home);
    expect(await readCheckpoints(home)).toEqual([]);
  });

  it('that cannot be written do not fail the process', async () => {
    const seq = await post();
    const checkpoints = startCheckpoints({ pool: database.pool, home: `${file}\0`, everyMs: 60_000, log: silentLog() });
    await checkpoints.stop();
    await start().stop();
    expect((await readCheckpoints(home)).at(-1)?.lastSeq).toBe(seq);
  });
});

describe('thinning', () => {
  const linesOf = (count: number) => Array.from({ length: count }, (_, at) => String(at));
  const recent = 2_000;

  it('keeps the oldest line, the newest 2,000 and every second one of the rest, in order', () => {
    fc.assert(
      fc.property(fc.nat({ max: 6_000 }), (count) => {
        const lines = linesOf(count);
        const kept = thinned(lines);
        const older = lines.slice(0, Math.max(0, count - recent));
        expect(kept.slice(-recent)).toEqual(lines.slice(-recent));
        expect(kept.slice(0, kept.length - Math.min(recent, count))).toEqual(older.filter((line) => Number(line) % 2 === 0));
        expect(kept[0]).toBe(lines[0]);
      }),
    );
  });

  it('repeatedly keeps recent history dense and distant history covered', () => {
    let lines: string[] = [];
    for (let time = 0; time < 20; time++) lines = thinned([...lines, ...linesOf(3_000).map((line) => String(time * 3_000 + Number(line)))]);
    expect(lines[0]).toBe('0');
    expect(lines.slice(-recent).map(Number)).toEqual(Array.from({ length: recent }, (_, at) => 58_000 + at));
    expect(lines.length).toBeLessThan(10_000);
  });
});
