/** The SQL of the audit. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { textColumn } from '../database/index.ts';
import { storable } from './storable.ts';
import type { Audited } from './types.ts';

/** Limits of stored text. The body of a batch of a thousand operations is longer; its beginning shows what it was. */
const lengths = { short: 256, url: 2_048, headers: 4_096, body: 16_384, list: 32_768 } as const;

type Column = (row: Audited) => string | null;

const text =
  (pick: (row: Audited) => string | null, lengthMax: number): Column =>
  (row) => {
    const value = pick(row);
    return value === null ? null : storable(value, lengthMax);
  };

/** In the order of audit.record's parameters. */
const columns: readonly Column[] = [
  text((row) => row.requestId, lengths.short),
  (row) => row.transport,
  text((row) => row.method, lengths.short),
  text((row) => row.url, lengths.url),
  text((row) => row.operation, lengths.short),
  text((row) => row.body, lengths.body),
  text((row) => row.headers, lengths.headers),
  text((row) => row.clientIp, lengths.short),
  text((row) => row.actor, lengths.short),
  (row) => String(Math.round(row.startedAtMs * 1_000)),
  (row) => (row.status === null ? null : String(row.status)),
  (row) => row.durationMs.toFixed(3),
  text((row) => row.idempotencyKey, lengths.short),
  text((row) => row.wallet, lengths.short),
  (row) => (row.operations[0] ? String(row.operations[0].book) : null),
  (row) => (row.operations[0] ? String(row.operations[0].seq) : null),
  (row) => (row.operations.length > 1 ? idsOf(row) : null),
  text((row) => row.subject, lengths.url),
];

function idsOf({ operations }: Audited): string {
  const ids = operations.map(({ book, seq }) => `${book}-${seq}`).join(',');
  return ids.length <= lengths.list ? ids : ids.slice(0, ids.lastIndexOf(',', lengths.list));
}

const record = {
  name: 'audit record',
  text: `select audit.record(${Array.from({ length: columns.length + 1 }, (_, at) => `$${at + 1}::text[]`).join(', ')})`,
};

/** Not to be guessed, and 16 characters in each row. */
const saltBytes = 12;

export async function insertAudited(pool: pg.Pool, rows: readonly Audited[]): Promise<void> {
  const random = randomBytes(rows.length * saltBytes);
  const salts = rows.map((_, at) => random.toString('base64url', at * saltBytes, (at + 1) * saltBytes));
  // The encoder reads each value twice.
  const values = [...columns.map((column) => rows.map(column)), salts].map((column) => textColumn(column, (value) => value));
  await pool.query({ ...record, values });
}

/** Deletes rows from before a moment, at most `rowsMax`; returns how many. */
export async function forgetBefore(pool: pg.Pool, before: Date, rowsMax: number): Promise<number> {
  await pool.query('select audit.drop_parts()');
  const { rows } = await pool.query<{ forgotten: number }>('select audit.forget_before($1, $2) as forgotten', [before, rowsMax]);
  return rows[0]?.forgotten ?? 0;
}
