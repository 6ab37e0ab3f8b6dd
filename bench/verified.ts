/** After every measurement: figures count only if the ledger is intact. */
import { createPool } from '../packages/coffer/src/database/index.ts';
import { silentLog } from '../packages/coffer/src/kernel/index.ts';
import { verify } from '../packages/coffer/src/ledger/index.ts';

export async function verifyDatabase(url: string): Promise<void> {
  const pool = createPool(url, silentLog());
  try {
    const report = await verify(pool);
    if (!report.ok)
      throw new Error(`the ledger is inconsistent after the run: ${JSON.stringify(report.invariants.filter(({ ok }) => !ok))}`);
    const entries = report.books.reduce((sum, book) => sum + book.entries, 0);
    process.stderr.write(`  verified: ${entries.toLocaleString('en')} entries, balances and chain\n`);
  } finally {
    await pool.end();
  }
}
