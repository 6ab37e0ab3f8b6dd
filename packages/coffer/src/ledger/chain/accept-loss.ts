/** An operator's word that the end of a log is lost and Coffer is to go on: the beginning of an epoch. */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';
import { chainFormat } from '../columns.ts';
import { chainHash, encodeBatch } from './chain.ts';
import { readHeads } from './checkpoints.ts';
import type { Checkpoint } from './checkpoints.ts';
import { declaredEpoch, firstSeqOf, readGaps } from './declarations.ts';
import { isLost } from './epochs.ts';

/** What a book lost: everything after `after`, at least until `lostUntil`. */
export type Loss = { readonly book: number; readonly after: number; readonly lostUntil: number };

/** The books whose log lacks what checkpoints prove, and whose loss nobody accepted yet. `checkpoints`: of this ledger. */
export async function findLosses(client: pg.ClientBase | pg.Pool, checkpoints: readonly Checkpoint[]): Promise<Loss[]> {
  const losses: Loss[] = [];
  for (const { book, lastSeq } of await readHeads(client)) {
    const gaps = await readGaps(client, book);
    const newest = newestOf(checkpoints.filter((checkpoint) => checkpoint.book === book && !isLost(checkpoint.lastSeq, gaps)));
    if (!newest) continue;
    const { rows } = await client.query<{ hash: string }>(
      `select encode(hash, 'hex') as hash from ledger.batch where book = $1 and batch_no = $2`,
      [book, newest.batchNo],
    );
    if (rows[0]?.hash !== newest.hash) losses.push({ book, after: lastSeq, lostUntil: Math.max(lastSeq, newest.lastSeq) });
  }
  return losses;
}

/** Begins an epoch of a book. `client`: of the ledger's owner. False: the log has grown meanwhile, so look again. */
export async function beginEpoch(
  client: pg.ClientBase | pg.Pool,
  loss: Loss,
  decided: { readonly reason: string; readonly actor: string },
): Promise<boolean> {
  const { book, after, lostUntil } = loss;
  const head = (await readHeads(client)).find((one) => one.book === book);
  assert(head, 'a book that lost something exists');
  if (head.lastSeq !== after) return false;
  const { rows: clock } = await client.query<{ now_ms: number }>(
    `select (extract(epoch from greatest(clock_timestamp(), b.recorded_at)) * 1000)::bigint as now_ms
     from ledger.batch b where b.book = $1 and b.batch_no = $2`,
    [book, head.batchNo],
  );
  const recordedAt = new Date(clock[0]?.now_ms ?? 0);
  const previousHash = Buffer.from(head.hash, 'hex');
  const declaration = declaredEpoch({ after, lostUntil, ...decided });
  const header = { book, batchNo: head.batchNo + 1, firstSeq: firstSeqOf(loss), recordedAt };
  const hash = chainHash(previousHash, header, encodeBatch({ declarations: [declaration], openings: [], entries: [] }));
  const { rows } = await client.query<{ begun: number | null }>('select ledger.begin_epoch($1, $2, $3, $4, $5, $6, $7, $8, $9) as begun', [
    book,
    header.batchNo,
    previousHash,
    hash,
    chainFormat,
    header.firstSeq,
    recordedAt.getTime() * 1000,
    declaration.kind,
    declaration.body,
  ]);
  return (rows[0]?.begun ?? null) !== null;
}

/** The checkpoint that proves the longest log. */
export function newestOf(checkpoints: readonly Checkpoint[]): Checkpoint | undefined {
  return checkpoints.reduce<Checkpoint | undefined>((newest, one) => (newest && newest.lastSeq >= one.lastSeq ? newest : one), undefined);
}
