/** What a context gives to have the log applied to its tables. The projector owns marks, transactions, retries and rebuilds. */
import type pg from 'pg';
import type { LedgerEvent } from '../ledger/index.ts';

export type Projection = {
  /** Stands in the database beside its marks: never changes. */
  readonly name: string;
  /**
   * Applies events of one book, in their order, each exactly once: within the transaction that also moves the mark, so it writes through
   * `client` only, and does nothing that cannot be rolled back. Hundreds to thousands at a time: statements over arrays, not a statement
   * an event. Rows carry `generation`, so that a rebuild can grow beside what is being read. Throws on an event that it cannot apply;
   * it is then tried alone, set aside while later ones flow on, and comes again alone, after them.
   */
  apply(client: pg.ClientBase, events: readonly LedgerEvent[], generation: number): Promise<void>;
  /** After a commit: somebody may have something to do. Must not throw or wait. */
  applied?(): void;
  /** Deletes a part of the rows of a generation that nobody reads any more; false when none are left. Absent: cannot be rebuilt. */
  forget?(client: pg.ClientBase, generation: number): Promise<boolean>;
  /**
   * In the transaction in which a rebuilt generation takes the place of the one that is read. What is to follow from their difference is
   * written down here: what was built in vain, or to be compared, never comes here.
   */
  switching?(client: pg.ClientBase, from: number, to: number): Promise<void>;
  /** Of its tables those that follow from the log alone, each with a column `generation`: compared row by row. Absent: cannot be compared. */
  readonly tables?: readonly string[];
};
