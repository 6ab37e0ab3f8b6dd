/** The chained tables of the audit, and the bytes of a row that its hash covers. docs/operating/audit.md has the formula. */
import { hash as hashOf } from 'node:crypto';
import type pg from 'pg';

export type ChainName = 'request' | 'change';

/** A row of a chain: its hash is that of the hash before it and `content`. */
export type Link = { readonly id: number; readonly hash: Buffer | null; readonly content: Buffer; readonly isErased: boolean };

type Stored = {
  readonly id: number;
  readonly hash: Buffer | null;
  /** The covered columns in order, as text. */
  readonly fields: readonly (string | null)[];
  /** The salt, url, body, headers, address and subject; null in a chain without personal text. */
  readonly personal: readonly (string | null)[] | null;
  readonly erased: Buffer | null;
};

const pageRows = 2_000;

const microseconds = (column: string) => `(extract(epoch from ${column}) * 1000000)::bigint::text`;

const statements: Readonly<Record<ChainName, string>> = {
  request: `
    select id, hash, array[id::text, request_id, transport, method, operation, actor, ${microseconds('started_at')}, status::text,
        duration_ms::text, idempotency_key, wallet, book::text, seq::text, array_to_string(operation_ids, ',')] as fields,
      array[salt, url, body, headers, client_ip, subject] as personal, erased
    from audit.request where id > $1 order by id limit $2`,
  change: `
    select id, hash, array[id::text, kind, subject, before::text, after::text, actor, request_id, ${microseconds('at')}] as fields,
      null as personal, null::bytea as erased
    from audit.change where id > $1 order by id limit $2`,
};

/** All rows of a chain in order. */
export async function* linksOf(client: pg.ClientBase, chain: ChainName): AsyncGenerator<Link> {
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const { rows } = await client.query<Stored>({ name: `audit chain ${chain}`, text: statements[chain], values: [after, pageRows] });
    for (const row of rows) yield linkOf(row);
    const last = rows.at(-1);
    if (!last || rows.length < pageRows) return;
    after = last.id;
  }
}

function linkOf({ id, hash, fields, personal, erased }: Stored): Link {
  const digest = personal && (erased ?? hashOf('sha256', textArray(personal), 'buffer'));
  return { id, hash, content: digest === null ? textArray(fields) : Buffer.concat([textArray(fields), digest]), isErased: erased !== null };
}

const textOid = 25;

/** The binary form of a PostgreSQL array of text, as array_send makes it: one dimension from 1, each item after its length. */
function textArray(items: readonly (string | null)[]): Buffer {
  const header = Buffer.alloc(20);
  header.writeInt32BE(1, 0);
  header.writeInt32BE(items.includes(null) ? 1 : 0, 4);
  header.writeInt32BE(textOid, 8);
  header.writeInt32BE(items.length, 12);
  header.writeInt32BE(1, 16);
  const parts: Buffer[] = [header];
  for (const item of items) {
    const bytes = item === null ? null : Buffer.from(item);
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes?.length ?? -1);
    parts.push(length);
    if (bytes) parts.push(bytes);
  }
  return Buffer.concat(parts);
}
