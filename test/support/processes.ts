/** Several processes of a ledger, simulated in one: each has its own connections, and hands operations over to the owner of their book. */
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';

/** Opens a ledger of one book, in a database of its own, this many times. The first owns the book. Drops it after the work. */
export async function openProcesses(
  count: number,
  work: (ledgers: readonly Ledger[], database: TestDatabase) => Promise<void>,
  /** Before the first connects. */
  prepare?: (database: TestDatabase) => Promise<void>,
): Promise<void> {
  const database = await createTestDatabase();
  const ledgers: Ledger[] = [];
  try {
    await prepare?.(database);
    const options = { url: inRole(database.url, 'writer'), log: silentLog(), patienceMs: 60_000 };
    for (let number = 0; number < count; number++) ledgers.push(await openLedger(options));
    await work(ledgers, database);
  } finally {
    await Promise.all(ledgers.map((ledger) => ledger.stop()));
    await database.drop();
  }
}
