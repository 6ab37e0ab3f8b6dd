import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type pg from 'pg';
import { withReader } from '../../compose/commands.ts';
import { OperatorError } from '../../kernel/index.ts';
import { answer, runCommand } from '../run.ts';
import { inLine } from '../terminal.ts';

const timeoutMs = 60_000;

export function sqlCommand(): Command {
  return new Command('sql')
    .summary('query the database with SQL')
    .description(
      'Runs one SQL statement as a read-only role, in a read-only transaction, and prints its rows. Useful because the embedded PostgreSQL comes without psql. Works while Coffer is running. Readable views: accounts, wallets, asset_types, ledger.balance, ledger.event.',
    )
    .argument('[statement]', 'the statement; read from standard input if omitted')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer sql "select * from accounts"
  coffer sql "select id, balance, version from ledger.balance order by id"
  coffer sql --json < question.sql`,
    )
    .action(async (statement: string | undefined, options: { json?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        await withReader(context, { connectionsMax: 1 }, async ({ pool }) => {
          const found = await ask(pool, statement ?? readFileSync(0, 'utf8'));
          answer(options, tableOf(found), found);
        });
      });
    });
}

/** Columns by position, because two may have the same name. */
type Answer = { readonly names: readonly string[]; readonly rows: readonly (readonly unknown[])[] };

async function ask(pool: pg.Pool, statement: string): Promise<Answer> {
  const client = await pool.connect();
  try {
    await client.query('begin read only');
    await client.query(`set local statement_timeout = ${timeoutMs}`);
    // In the extended protocol the server accepts one statement only, so nothing can end the read-only transaction.
    const question = { text: statement, values: [], queryMode: 'extended', rowMode: 'array' as const };
    const { fields, rows } = await client.query<unknown[]>(question);
    return { names: fields.map(({ name }) => name), rows: rows.map((row) => row.map(plain)) };
  } catch (failure) {
    throw new OperatorError(
      `The database answered: ${failure instanceof Error ? failure.message : String(failure)}.`,
      'Correct the statement and try again.',
    );
  } finally {
    await client.query('rollback').catch(() => undefined);
    client.release();
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return value;
}

function tableOf({ names, rows }: Answer): string {
  const cells = rows.map((row) => row.map(textOf));
  const widths = names.map((name, column) => cells.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), name.length));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => ` ${cell.padEnd(widths[column] ?? 0)} `)
      .join('|')
      .trimEnd();
  const count = `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`;
  if (names.length === 0) return count;
  return [line(names), widths.map((width) => '-'.repeat(width + 2)).join('+'), ...cells.map(line), count].join('\n');
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? inLine(value) : JSON.stringify(value);
}
