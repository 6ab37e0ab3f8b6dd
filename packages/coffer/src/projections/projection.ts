/**
 * What a context supplies to have the log applied to its tables. The projector owns marks, transactions, retries and rebuilds.
 */
import type pg from 'pg';
import type { LedgerEvent } from '../ledger/index.ts';

export type Projection = {
  /** Stored in the database with its marks: never change it. */
  readonly name: string;
  /**
   * Applies events of one book, in order, each exactly once: in the transaction that also advances the mark, so it writes only through
   * `client`, and does nothing that cannot be rolled back. It gets hundreds to thousands at a time: use statements over arrays, not
   * one per event. Rows have a `generation`, so that a rebuild can grow beside the active one. Throws on an event that it cannot apply;
   * that event is then tried alone, quarantined while later ones continue, and retried alone, after them.
   */
  apply(client: pg.ClientBase, events: readonly LedgerEvent[], generation: number): Promise<void>;
  /** After a commit: there may be follow-up work. Must not throw or wait. */
  applied?(): void;
  /** Deletes some rows of an unused generation; false if none are left. Absent: cannot be rebuilt. */
  forget?(client: pg.ClientBase, generation: number): Promise<boolean>;
  /**
   * For a projection that cannot be rebuilt and whose mark is beyond the end of the log: the position of the newest event that left a
   * trace, at most in the entry `end`. Applying later events again must be harmless.
   */
  resumeAfter?(client: pg.ClientBase, book: number, end: number): Promise<{ readonly seq: number; readonly part: number }>;
  /**
   * In the transaction in which a rebuilt generation becomes active. Consequences of their difference are recorded here; for
   * builds that are abandoned or only compared it is not called.
   */
  switching?(client: pg.ClientBase, from: number, to: number): Promise<void>;
  /**
   * Its tables that derive from the log alone, each with a column `generation`: compared row by row. Absent: cannot be compared.
   */
  readonly tables?: readonly string[];
};
