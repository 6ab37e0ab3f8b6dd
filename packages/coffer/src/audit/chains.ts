/** The chained tables of the audit, and the bytes of a row that its hash covers. docs/operating/audit.md has the formula. */
import { hash as hashOf } from 'node:crypto';
import type pg from 'pg';

export type ChainName = 'request' | 'change';

/** A row of a chain. `fields`: the covered columns in order, as text. `digest`: of its personal text; null in a chain without such text. */
export type Link = {
  readonly id: number;
  readonly hash: Buffer | null;
  readonly fields: readonly (string | null)[];
  readonly digest: Buffer | null;
  readonly isErased: boolean;
};

type Stored = {
  readonly id: number;
  readonly hash: Buffer | null;
  readonly fields: readonly (string | null)[];
  /** The salt, url, body, headers, address and subject; null in a chain without personal text. */
  readonly personal: readonly (string | null)[] | null;
  readonly erased: Buffer | null;
};

/** Rows that one hash may cover, as in audit.record. */
export const rowsPerHash = 10_000;

const pageRows = 2_000;

const microseconds = (column: string) => `(extract(epoch from ${column}) * 1000000)::bigint::text`;

const statements: Readonly<Record<ChainName, string>> = {
  request: `
    select id, hash, array[id::text, request_id, transport, method, operation, actor, ${microseconds('started_at')}, status::text,
        duration_ms::text, idempotency_key, wallet, book::text, seq::text, array_to_string(operation_ids, ',')] as fields,
      array[salt, url, body, headers, client_ip, subject] as personal, erased
    from audit.request where id > $1 and id <= $2 order by id`,
  change: `
    select id, hash, array[id::text, kind, subject, before::text, after::text, actor, request_id, ${microseconds('at')}] as fields,
      null as personal, null::bytea as erased
    from audit.change where id > $1 and id <= $2 order by id`,
};

/** All rows of a chain in order. Ids have no gaps but for rows that were removed, so they are read by ranges. */
export async function* linksOf(client: pg.ClientBase, chain: ChainName): AsyncGenerator<Link> {
  for (let next = await firstIdFrom(client, chain, Number.MIN_SAFE_INTEGER); next !== null;) {
    const values = [next - 1, next - 1 + pageRows];
    const { rows } = await client.query<Stored>({ name: `audit chain ${chain}`, text: statements[chain], values });
    for (const row of rows) yield linkOf(row);
    next = rows.length === pageRows ? next + pageRows : await firstIdFrom(client, chain, next + pageRows);
  }
}

async function firstIdFrom(client: pg.ClientBase, chain: ChainName, from: number): Promise<number | null> {
  const { rows } = await client.query<{ id: number | null }>(`select min(id) as id from audit.${chain} where id >= $1`, [from]);
  return rows[0]?.id ?? null;
}

function linkOf({ id, hash, fields, personal, erased }: Stored): Link {
  const digest = personal && (erased ?? hashOf('sha256', textArray(personal), 'buffer'));
  return { id, hash, fields, digest, isErased: erased !== null };
}

/** The bytes that the hash of a row covers, of a row with a hash of its own. */
export function contentOf({ fields, digest }: Link): Buffer {
  return digest === null ? textArray(fields) : Buffer.concat([textArray(fields), digest]);
}

/** The bytes that the hash of a call of audit.record covers: the first id, each column after it, the digests. */
export function contentOfCall(links: readonly [Link, ...Link[]]): Buffer {
  const firstId = Buffer.alloc(8);
  firstId.writeBigInt64BE(BigInt(links[0].id));
  const [, ...columns] = links[0].fields.map((_, at) => links.map(({ fields }) => fields[at] ?? null));
  const arrays = columns.map((items, at) => {
    if (at + 1 === durationColumn) return realArray(items.map(Number));
    return items.every((item) => item === null) ? noText : textArray(items);
  });
  return Buffer.concat([firstId, ...arrays, ...links.map(({ digest }) => digest ?? Buffer.alloc(0))]);
}

/** Of the fields of a request. Stored as a 4-byte float, and covered as one. */
const durationColumn = 8;

const textOid = 25;

const realOid = 700;

/** A column without a value is sent, and covered, as an array without items: no dimension, no nulls. */
const noText = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, textOid]);

/** The binary form of a PostgreSQL array, as array_send makes it: one dimension from 1, each item after its length. */
function textArray(items: readonly (string | null)[]): Buffer {
  return arrayOf(
    textOid,
    items.map((item) => (item === null ? null : Buffer.from(item))),
  );
}

function realArray(items: readonly number[]): Buffer {
  return arrayOf(
    realOid,
    items.map((item) => {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatBE(item);
      return bytes;
    }),
  );
}

function arrayOf(oid: number, items: readonly (Buffer | null)[]): Buffer {
  const header = Buffer.alloc(20);
  header.writeInt32BE(1, 0);
  header.writeInt32BE(items.includes(null) ? 1 : 0, 4);
  header.writeInt32BE(oid, 8);
  header.writeInt32BE(items.length, 12);
  header.writeInt32BE(1, 16);
  const parts: Buffer[] = [header];
  for (const bytes of items) {
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes?.length ?? -1);
    parts.push(length);
    if (bytes) parts.push(bytes);
  }
  return Buffer.concat(parts);
}
