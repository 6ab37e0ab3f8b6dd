/** Verifies the chains of the audit: re-derives each hash from the one before it and the rows since. Reads everything in one snapshot. */
import { hash as hashOf } from 'node:crypto';
import type pg from 'pg';
import { inTransaction } from '../database/index.ts';
import { assert } from '../kernel/index.ts';
import { contentOf, contentOfCall, linksOf, rowsPerHash } from './chains.ts';
import type { ChainName, Link } from './chains.ts';

/** A row that contradicts the chain, or the first of rows that were written together. `id` null: the end of the chain. */
export type AuditViolation = {
  readonly chain: ChainName;
  readonly id: number | null;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
};

export type ChainSummary = {
  readonly chain: ChainName;
  /** Verified rows; `erased`: how many of them have lost their personal text. */
  readonly rows: number;
  readonly erased: number;
  /** Rows from before the chain, which nothing protects. */
  readonly unchained: number;
  readonly lastId: number;
  /** Of the last row, in hex. */
  readonly hash: string;
};

/** `violations`: the first of each chain, since nothing after it can be derived, and each head that should be in a chain and is not. */
export type AuditReport = {
  readonly ok: boolean;
  readonly chains: readonly ChainSummary[];
  readonly violations: readonly AuditViolation[];
};

/** The end of a chain at some moment. */
export type AuditHead = {
  /** The identity of the ledger; null for a head that a person expects. */
  readonly ledger: string | null;
  readonly audit: ChainName;
  readonly id: number;
  readonly hash: string;
  /** When it was read; null for a head that a person expects. */
  readonly at: string | null;
};

/** `genesis`: the hash with which the chain began. */
type Head = {
  readonly id: number;
  readonly hash: Buffer;
  readonly anchorId: number;
  readonly anchorHash: Buffer;
  readonly genesis: Buffer;
  /** The hash of a row after this one covers all rows since the hash before it; null: each hash covers its row. */
  readonly byCallAfter: number | null;
};

/**
 * Heads that must be in the chains. One from before `keptSince` may have been deleted by age, and then is not checked. Requests that arrived
 * after `keptSince` must be there.
 */
export type ExpectedHeads = { readonly heads: readonly AuditHead[]; readonly keptSince: Date };

export async function verifyAudit(pool: pg.Pool, { heads, keptSince }: ExpectedHeads): Promise<AuditReport> {
  const verifyAll = async (client: pg.ClientBase) => {
    const chains: ChainSummary[] = [];
    const violations: AuditViolation[] = [];
    for (const chain of ['request', 'change'] as const) {
      const ofChain = { heads: heads.filter(({ audit }) => audit === chain), keptSince };
      const { summary, violation, missed } = await verifyChain(client, chain, ofChain);
      chains.push(summary);
      if (violation) violations.push(violation);
      violations.push(...missed);
    }
    return { ok: violations.length === 0, chains, violations };
  };
  return await inTransaction(pool, verifyAll, { settings: 'set transaction isolation level repeatable read, read only' });
}

/** The current end of each chain, once it is on disk: rows are written by commits that do not wait for it. */
export async function readAuditHeads(pool: pg.Pool): Promise<AuditHead[]> {
  const { rows } = await pool.query<{ ledger: string; chain: ChainName; id: number; hash: string }>(
    `select i.id as ledger, h.chain, h.id, encode(h.hash, 'hex') as hash from audit.head h cross join ledger.identity i order by h.chain desc`,
  );
  // A commit with something to write flushes everything before it.
  await pool.query(`begin; set local synchronous_commit = on; select pg_logical_emit_message(true, 'coffer', ''); commit`);
  const at = new Date().toISOString();
  return rows.map(({ ledger, chain, id, hash }) => ({ ledger, audit: chain, id, hash, at }));
}

type Verified = {
  readonly summary: ChainSummary;
  readonly violation: AuditViolation | null;
  readonly missed: readonly AuditViolation[];
};

async function verifyChain(client: pg.ClientBase, chain: ChainName, expected: ExpectedHeads): Promise<Verified> {
  const head = await headOf(client, chain);
  let [rows, erased, unchained] = [0, 0, 0];
  let [lastId, last] = [head.anchorId, head.anchorHash];
  const atExpected = new Map<number, string>([[head.anchorId, last.toString('hex')]]);
  const wanted = new Set(expected.heads.map(({ id }) => id));
  // Rows without a hash are from before the chain; where rows of the chain were deleted by age, those went first.
  const isWhole = head.anchorHash.equals(head.genesis);
  let violation = isWhole ? null : await beginningMismatchOf(client, chain, head, expected.keptSince);
  const call: Link[] = [];
  for await (const link of violation ? [] : linksOf(client, chain)) {
    if (isWhole && link.id <= head.anchorId && link.hash === null) {
      unchained++;
      continue;
    }
    call.push(link);
    violation = gapOf(chain, lastId + call.length, link) ?? mismatchOf(chain, head, last, call);
    if (violation) break;
    if (link.isErased) erased++;
    rows++;
    if (link.hash === null) continue;
    [lastId, last] = [link.id, link.hash];
    call.length = 0;
    if (wanted.has(lastId)) atExpected.set(lastId, last.toString('hex'));
  }
  violation ??= endMismatchOf(chain, lastId + call.length, call.length > 0 ? null : last, head);
  // After a violation nothing is known of later rows.
  const missed = violation ? [] : missedOf(chain, expected, head, atExpected);
  return { summary: { chain, rows, erased, unchained, lastId, hash: last.toString('hex') }, violation, missed };
}

async function headOf(client: pg.ClientBase, chain: ChainName): Promise<Head> {
  const { rows } = await client.query<Head>(
    `select coalesce(h.id, 0) as id, coalesce(h.hash, genesis.hash) as hash, coalesce(h.anchor_id, 0) as "anchorId",
       coalesce(h.anchor_hash, genesis.hash) as "anchorHash", genesis.hash as genesis, h.by_call_after as "byCallAfter"
     from ledger.identity i
     cross join lateral (select sha256(convert_to('coffer audit ' || i.id || ' ' || $1::text, 'UTF8')) as hash) genesis
     left join audit.head h on h.chain = $1`,
    [chain],
  );
  assert(rows[0], 'a ledger has an identity');
  return rows[0];
}

/**
 * A chain that does not begin with its genesis has lost its beginning. Age explains that only for requests, and only if a row that is old
 * enough to be deleted is left: retention keeps the youngest of them.
 */
async function beginningMismatchOf(client: pg.ClientBase, chain: ChainName, head: Head, keptSince: Date): Promise<AuditViolation | null> {
  const { anchorId, anchorHash, genesis } = head;
  if (chain === 'change')
    return {
      chain,
      id: anchorId,
      what: 'the beginning of the chain',
      expected: genesis.toString('hex'),
      found: anchorHash.toString('hex'),
    };
  const { rows } = await client.query<{ at: Date }>('select started_at as at from audit.request where id = $1', [anchorId + 1]);
  const at = rows[0]?.at ?? null;
  if (at !== null && at <= keptSince) return null;
  return {
    chain,
    id: anchorId + 1,
    what: 'the oldest row',
    expected: `from before ${keptSince.toISOString()} (COFFER_AUDIT_DAYS): the rows before it were deleted`,
    found: at?.toISOString() ?? 'no row',
  };
}

function gapOf(chain: ChainName, expectedId: number, { id }: Link): AuditViolation | null {
  if (id === expectedId) return null;
  return { chain, id: Math.min(expectedId, id), what: 'the row with the next id', expected: String(expectedId), found: String(id) };
}

/** `call`: the rows since the last hash. Null too if the hash that covers them is still to come. */
function mismatchOf(chain: ChainName, { byCallAfter }: Head, last: Buffer, call: readonly Link[]): AuditViolation | null {
  const [first, link] = [call[0], call.at(-1)];
  assert(first && link, 'a call has rows');
  const isByCall = byCallAfter !== null && first.id > byCallAfter;
  if (isByCall && link.hash === null && call.length < rowsPerHash) return null;
  const content = isByCall ? contentOfCall([first, ...call.slice(1)]) : contentOf(link);
  const expected = hashOf('sha256', Buffer.concat([last, content]), 'hex');
  const found = link.hash?.toString('hex') ?? 'none';
  const what = call.length === 1 ? 'the hash of the row' : `the hash of the rows ${first.id} to ${link.id}, which were written together`;
  return expected === found ? null : { chain, id: first.id, what, expected, found };
}

/** `last` null: the last row has no hash. */
function endMismatchOf(chain: ChainName, lastId: number, last: Buffer | null, head: Head): AuditViolation | null {
  if (lastId !== head.id) return { chain, id: null, what: 'the id of the last row', expected: String(head.id), found: String(lastId) };
  if (last?.equals(head.hash)) return null;
  const found = last?.toString('hex') ?? 'none';
  return { chain, id: null, what: 'the hash of the last row', expected: head.hash.toString('hex'), found };
}

function missedOf(
  chain: ChainName,
  { heads, keptSince }: ExpectedHeads,
  { anchorId }: Head,
  found: ReadonlyMap<number, string>,
): AuditViolation[] {
  const mayBeDeleted = ({ id, at }: AuditHead) =>
    chain === 'request' && id < anchorId && (at === null || Date.parse(at) < keptSince.getTime());
  return heads
    .filter((head) => !mayBeDeleted(head) && found.get(head.id) !== head.hash)
    .map(({ id, hash, at }) => ({
      chain,
      id,
      what: `the head that was recorded${at === null ? '' : ` at ${at}`}`,
      expected: hash,
      found: found.get(id) ?? 'no row',
    }));
}
