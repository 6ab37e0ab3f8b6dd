/** What only the owner of a database can do to a ledger, and what the verifier then says. */
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { VerifyOptions, VerifyReport } from '../../packages/coffer/src/ledger/index.ts';
import type { TestDatabase } from '../support/database.ts';

export const tables = ['book', 'batch', 'account', 'entry'] as const;

type Database = Pick<TestDatabase, 'pool'>;

/** Keeps the ledger as it is, to be put back after each change. */
export async function keepLedger({ pool }: Database): Promise<void> {
  // Whoever owns the database can also drop what refuses a second entry of one version, of one hold, or an impossible one.
  await pool.query(
    'drop index ledger.entry_by_debit; drop index ledger.entry_by_credit; drop index ledger.entry_by_hold; drop index ledger.entry_by_reversal',
  );
  await pool.query('create schema kept');
  for (const table of tables) await pool.query(`create table kept.${table} as select * from ledger.${table}`);
}

export async function putBack(database: Database): Promise<void> {
  const statements = tables.map((table) => `truncate ledger.${table}; insert into ledger.${table} select * from kept.${table};`);
  await changeAsOwner(database, statements.join(' '));
}

/** Switches the guards off, changes rows, switches them on again. */
export async function changeAsOwner({ pool }: Database, sql: string): Promise<void> {
  const switched = (to: string) => tables.map((table) => `alter table ledger.${table} ${to} trigger append_only;`).join(' ');
  await pool.query(`${switched('disable')} ${sql}; ${switched('enable always')}`);
}

export async function verifyAfter(database: Database, sql: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  await changeAsOwner(database, sql);
  return await verify(database.pool, options);
}

/** The places of the first violations, rule by rule. */
export function places(report: VerifyReport): string[] {
  return report.invariants.flatMap(({ first }) => (first ? [`${first.invariant} ${first.at}`] : []));
}
