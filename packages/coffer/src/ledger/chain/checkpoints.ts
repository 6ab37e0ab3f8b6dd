/**
 * Checkpoints: the end of the log, recorded periodically outside the database. A chain whose end was cut off is still consistent; only a
 * record of its former length reveals the cut. The file is beside the database's own folder. If you ship it to another machine, you hold
 * evidence that even the owner of this machine cannot change.
 */
import { open, readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { startLoop } from '../../background/index.ts';
import { appendDurably, assert, makeFolder } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';

export type Checkpoint = {
  /** The identity of the ledger; null in lines that are older than it. */
  readonly ledger: string | null;
  readonly book: number;
  readonly batchNo: number;
  readonly lastSeq: number;
  /** Hash of the batch, in hex. */
  readonly hash: string;
  /** When it was recorded; null for a batch that a person expects. */
  readonly at: string | null;
};

/** Beyond this size older lines are thinned: recent history stays dense, old history stays covered. */
const fileBytesMax = 2 * 1024 * 1024;
const recentLines = 2_000;

export type CheckpointOptions = {
  readonly pool: pg.Pool;
  readonly home: string;
  readonly everyMs: number;
  readonly log: Log;
};

/** Records a head that the database no longer has. */
export async function recordCheckpoint(home: string, checkpoint: Checkpoint): Promise<void> {
  await append(fileOf(home, checkpoint.book), checkpoint);
}

/** Records the head of each book periodically when it has moved forward. `stop` records it a last time. */
export function startCheckpoints(options: CheckpointOptions): { stop(): Promise<void> } {
  const { pool, home, everyMs, log } = options;
  const noted = new Map<number, number>();

  // A log that lost its end is not recorded over what proves the loss.
  const note = async () => {
    const moved = (await readHeads(pool)).filter(({ book, lastSeq }) => lastSeq > (noted.get(book) ?? 0));
    for (const head of moved) {
      await append(fileOf(home, head.book), head);
      noted.set(head.book, head.lastSeq);
    }
  };
  const failed = (failure: unknown, isFirst: boolean) => {
    const reason = failure instanceof Error ? failure.message : String(failure);
    if (isFirst) log.warn({ reason }, "Could not record the ledger's checkpoint; retrying");
  };
  const loop = startLoop({ work: note, everyMs, failed });
  return {
    async stop() {
      await loop.stop();
      await note().catch((failure: unknown) => failed(failure, true));
    },
  };
}

/** All checkpoints in a home. Incomplete lines are skipped. */
export async function readCheckpoints(home: string): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  for (const name of await filesIn(home)) {
    const text = await readFile(path.join(folderOf(home), name), 'utf8');
    for (const line of text.split('\n')) {
      const checkpoint = parse(line);
      if (checkpoint) checkpoints.push(checkpoint);
    }
  }
  return checkpoints;
}

/** For a reset: old checkpoints would report the next ledger as cut off. */
export async function forgetCheckpoints(home: string): Promise<void> {
  await rm(folderOf(home), { recursive: true, force: true });
}

function folderOf(home: string): string {
  return path.join(home, 'checkpoints');
}

function fileOf(home: string, book: number): string {
  return path.join(folderOf(home), `book-${book}.jsonl`);
}

async function filesIn(home: string): Promise<string[]> {
  try {
    return (await readdir(folderOf(home))).filter((name) => /^book-\d+\.jsonl$/.test(name)).toSorted();
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw failure;
  }
}

/** The end of each book now. */
export async function readHeads(client: pg.ClientBase | pg.Pool): Promise<Checkpoint[]> {
  const { rows: books } = await client.query<{ book: number }>('select book from ledger.book order by book');
  const heads: Checkpoint[] = [];
  for (const { book } of books) {
    const { rows } = await client.query<{ ledger: string; batch_no: number; last_seq: number; hash: Buffer }>(
      `select i.id as ledger, b.batch_no, b.last_seq, b.hash from ledger.identity i cross join ledger.batch b
       where b.book = $1 order by b.batch_no desc limit 1`,
      [book],
    );
    const [head] = rows;
    assert(head, `book ${book} has been opened`);
    const { ledger, batch_no: batchNo, last_seq: lastSeq, hash } = head;
    heads.push({ ledger, book, batchNo, lastSeq, hash: hash.toString('hex'), at: new Date().toISOString() });
  }
  return heads;
}

async function append(file: string, checkpoint: Checkpoint): Promise<void> {
  makeFolder(path.dirname(file), 0o700);
  const sizeBefore = await appendDurably(file, `${JSON.stringify(checkpoint)}\n`);
  if (sizeBefore > fileBytesMax) await thin(file);
}

async function thin(file: string): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => parse(line) !== null);
  const thinnedLines = thinned(lines);
  const unfinished = `${file}.new-${process.pid}`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    await handle.writeFile(`${thinnedLines.join('\n')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

/** Keeps all recent lines and every second older one, always including the oldest. */
export function thinned(lines: readonly string[]): string[] {
  return lines.filter((_, at) => at >= lines.length - recentLines || at % 2 === 0);
}

function parse(line: string): Checkpoint | null {
  try {
    const { ledger = null, book, batchNo, lastSeq, hash, at } = JSON.parse(line) as Partial<Checkpoint>;
    if (book === undefined || batchNo === undefined || lastSeq === undefined || hash === undefined || at === undefined) return null;
    return { ledger, book, batchNo, lastSeq, hash, at };
  } catch {
    return null;
  }
}
