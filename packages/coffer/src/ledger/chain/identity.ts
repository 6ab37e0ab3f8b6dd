/** The identity of a ledger: random, made with its database, named by its chain and its checkpoints. */
import type pg from 'pg';
import { OperatorError } from '../../kernel/index.ts';
import { newestOf } from './accept-loss.ts';
import type { Checkpoint } from './checkpoints.ts';

/** A UUID. */
export async function ledgerIdOf(client: pg.ClientBase | pg.Pool): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select id from ledger.identity');
  return rows[0]?.id ?? 'none';
}

/** By book, the newest checkpoint of the ledger. Refuses a home whose checkpoints are of another one: its ledger is missing. */
export function knownHeads(checkpoints: readonly Checkpoint[], ledgerId: string, home: string): ReadonlyMap<number, Checkpoint> {
  const foreign = checkpoints.find(({ ledger }) => ledger !== null && ledger !== ledgerId);
  if (foreign) {
    throw new OperatorError(
      `${home} belongs to the ledger ${foreign.ledger} (until seq ${foreign.lastSeq} of book ${foreign.book}), but this database is the ledger ${ledgerId}.`,
      'Connect Coffer to the right database, or give this one a home of its own: COFFER_HOME. If the other ledger is gone for good, delete its folder "checkpoints".',
    );
  }
  const books = new Set(checkpoints.map(({ book }) => book));
  return new Map(
    [...books].flatMap((book) => newestOf(checkpoints.filter((one) => one.book === book)) ?? []).map((one) => [one.book, one]),
  );
}
