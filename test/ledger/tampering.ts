/** Tampering that only the owner of a database can do, and what the verifier then reports. */
import { inTransaction } from '../../packages/coffer/src/database/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { VerifyOptions, VerifyReport } from '../../packages/coffer/src/ledger/index.ts';
import { clusterUrlVariable, switchShardTriggers } from '../support/citus.ts';
import type { TestDatabase } from '../support/database.ts';

export const tables = [
  'book',
  'batch',
  'account',
  'entry',
  'declaration',
  'asset',
  'asset_version',
  'chart',
  'chart_version',
  'identity',
] as const;

type Database = Pick<TestDatabase, 'pool'>;

/** Saves the ledger, to restore it after each change. */
export async function keepLedger({ pool }: Database): Promise<void> {
  // The owner can also drop the constraints against duplicate versions, duplicate hold entries and invalid entries.
  await pool.query(
    'drop index ledger.entry_of_debit; drop index ledger.entry_of_credit; drop index ledger.entry_by_hold; drop index ledger.entry_by_reversal',
  );
  await pool.query('create schema kept');
  for (const table of tables) await pool.query(`create table kept.${table} as select * from ledger.${table}`);
}

export async function putBack(database: Database): Promise<void> {
  const statements = tables.map((table) => `truncate ledger.${table}; insert into ledger.${table} select * from kept.${table};`);
  await changeAsOwner(database, `${statements.join(' ')} select ledger.rebuild_newest(b.book) from ledger.book b;`);
}

/** Disables the triggers, changes rows, and enables the triggers again. */
export async function changeAsOwner({ pool }: Database, sql: string): Promise<void> {
  const switched = (to: string) => tables.map((table) => `alter table ledger.${table} ${to} trigger append_only`);
  // One by one: Citus repeats the text of a change of a table on the machines that have its rows.
  const isCluster = process.env[clusterUrlVariable] !== undefined;
  if (isCluster) await switchShardTriggers(pool, tables, 'disable');
  await inTransaction(pool, async (client) => {
    for (const text of [...switched('disable'), ...statementsIn(sql), ...switched('enable always')]) await client.query(text);
  });
  if (isCluster) await switchShardTriggers(pool, tables, 'enable always');
}

/** No text in them has a semicolon. */
function statementsIn(sql: string): string[] {
  return sql.split(';').filter((text) => text.trim() !== '');
}

export async function verifyAfter(database: Database, sql: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  await changeAsOwner(database, sql);
  return await verify(database.pool, options);
}

/** The positions of the first violations, rule by rule. */
export function places(report: VerifyReport): string[] {
  return report.invariants.flatMap(({ first }) => (first ? [`${first.invariant} ${first.at}`] : []));
}
