// Found operations and holds are exactly those of the log that a filter names, compared with a model that reads the log's rows.
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProjection, wordsIn } from '../../packages/coffer/src/find/index.ts';
import type { OperationFilter } from '../../packages/coffer/src/find/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { rebuild } from '../../packages/coffer/src/projections/index.ts';
import { bothWays, owners, startFoundLog, texts, wallets } from '../support/find.ts';
import type { FoundLog } from '../support/find.ts';
import { seedOf } from '../support/seed.ts';

let log: FoundLog;
let rows: Row[];

beforeAll(async () => {
  log = await startFoundLog(seedOf('found operations'));
  await log.post(800);
  await log.project();
  rows = await readModel(log.pool);
});
afterAll(() => log.stop());

type Row = {
  book: number;
  seq: number;
  kind: string;
  amount: bigint | null;
  refusal: string | null;
  key: string | null;
  is_users: boolean;
  metadata: Record<string, unknown> | null;
  reason: string | null;
  at: Date;
  asset: number | null;
  initiator: string | null;
  debit: string | null;
  credit: string | null;
  ended: string | null;
};

/** Operations: not the openings by others, and not the later steps of transfers between books. */
async function readModel(pool: pg.Pool): Promise<Row[]> {
  const { rows: all } = await pool.query<Row>(`
    select e.book, e.seq, e.kind::text, e.amount, e.refusal, split_part(e.key, '/', 2) as key, e.key, e.actor like 'user:%' as is_users,
      e.metadata, case when e.refusal is null then e.details ->> 'reason' end as reason, e.recorded_at as at,
      coalesce(d.asset, c.asset, (e.details -> 'asked' ->> 'asset')::integer) as asset, s.id as initiator, d.id as debit,
      case when e.kind = 'transfer_debit' then coalesce(e.details ->> 'to', c.id) else c.id end as credit,
      (select last.kind::text from ledger.entry last where last.kind in ('transfer_complete', 'transfer_return')
        and last.details ->> 'transfer' = e.book || '-' || e.seq) as ended
    from ledger.entry e
    left join ledger.account d on d.book = e.book and d.number = e.debit_account
    left join ledger.account c on c.book = e.book and c.number = e.credit_account
    left join ledger.account s on s.book = e.book and s.number = e.scope
    where e.operation = e.seq and e.kind not in ('transfer_credit', 'transfer_complete', 'transfer_return')
    order by e.recorded_at, e.book, e.seq`);
  return all;
}

const ownerIn = (id: string | null) => owners.find((owner) => id?.startsWith(`${owner}.`)) ?? null;
/** A system account by its kind, a wallet by its id. */
const nameIn = (id: string | null) => (id?.startsWith('$') ? id.slice(1, id.indexOf('/')) : id);

function statusIn({ refusal, kind, ended }: Row): string {
  if (refusal !== null) return 'refused';
  if (kind !== 'transfer_debit') return 'completed';
  return ended === null ? 'debited' : ended === 'transfer_complete' ? 'completed' : 'compensated';
}

function valuesIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesIn(one, path));
  if (value !== null && typeof value === 'object')
    return Object.entries(value).flatMap(([name, one]) => valuesIn(one, path === '' ? name : `${path}.${name}`));
  return [`${path}=${String(value)}`];
}

function isMeant(row: Row, filter: OperationFilter, onlyOwner: string | undefined): boolean {
  const sides = [row.initiator, row.debit, row.credit].filter((id) => id !== null);
  const values = valuesIn(row.metadata ?? {}, '');
  const words = wordsIn([...values.map((value) => value.slice(value.indexOf('=') + 1)), row.reason ?? ''].join(' '));
  const isType = row.kind === 'transfer_debit' ? 'transfer' : row.kind;
  const others = (side: string) => sides.filter((id) => id !== side).map(nameIn);
  const askedAbout = sides.filter(
    (id) =>
      (filter.wallet === undefined || id === filter.wallet) &&
      (filter.account === undefined || nameIn(id) === filter.account) &&
      (filter.owner === undefined || ownerIn(id) === filter.owner),
  );
  const isAsked = filter.wallet ?? filter.account ?? filter.owner;
  const isFirst = (id: string) => (onlyOwner === undefined ? id === (row.initiator ?? sides[0]) : ownerIn(id) === onlyOwner);
  const perspectives = isAsked === undefined ? sides.filter(isFirst) : askedAbout;
  return (
    (onlyOwner === undefined || sides.some((id) => ownerIn(id) === onlyOwner)) &&
    (filter.type === undefined || isType === filter.type) &&
    (filter.status === undefined || statusIn(row) === filter.status) &&
    (filter.refusal === undefined || row.refusal === filter.refusal) &&
    (filter.asset === undefined || row.asset === filter.asset) &&
    (filter.wallet === undefined || sides.includes(filter.wallet)) &&
    (filter.account === undefined || sides.some((id) => nameIn(id) === filter.account)) &&
    (filter.owner === undefined || sides.some((id) => ownerIn(id) === filter.owner)) &&
    (filter.counterparty === undefined || perspectives.some((id) => others(id).includes(filter.counterparty ?? ''))) &&
    (filter.amountMin === undefined || (row.amount !== null && row.amount >= filter.amountMin)) &&
    (filter.amountMax === undefined || (row.amount !== null && row.amount <= filter.amountMax)) &&
    (filter.since === undefined || row.at >= filter.since) &&
    (filter.until === undefined || row.at < filter.until) &&
    (filter.properties ?? []).every((property) => values.includes(property)) &&
    (filter.words ?? []).every((word) => words.includes(word)) &&
    (filter.key === undefined || isKey(row, filter.key, onlyOwner))
  );
}

/** A key is its initiator's, as in every other answer; of refusals every reader who sees them sees the key. */
function isKey(row: Row, key: string, onlyOwner: string | undefined): boolean {
  const sent = row.key?.startsWith('\u0002') ? row.key.slice(row.key.indexOf('/') + 1) : row.key;
  return sent === key && (onlyOwner === undefined || row.refusal !== null || ownerIn(row.initiator) === onlyOwner);
}

const moment = fc.nat().map((at) => rows[at % rows.length]?.at ?? new Date(0));
const condition = fc.oneof(
  fc.record({
    type: fc.constantFrom('deposit', 'withdrawal', 'transfer', 'hold', 'capture', 'release', 'freeze', 'unfreeze', 'open', 'nothing'),
  }),
  fc.record({ wallet: fc.constantFrom(...wallets, 'nobody', "'; --") }),
  fc.record({ account: fc.constantFrom(...wallets, 'cash_in', 'cash_out', 'in_transit') }),
  fc.record({ counterparty: fc.constantFrom(...wallets, 'cash_in', 'cash_out') }),
  fc.record({ owner: fc.constantFrom(...owners, '3c4d5e6f-61fa-4be7-b0a2-e05dbd9aee32') }),
  fc.record({ amountMin: fc.bigInt(0n, 2_000n) }),
  fc.record({ amountMax: fc.bigInt(0n, 10n ** 38n) }),
  fc.bigInt(1n, 500n).map((amount) => ({ amountMin: amount, amountMax: amount })),
  fc.record({ amountMin: fc.bigInt(0n, 300n), amountMax: fc.bigInt(0n, 1_500n) }),
  fc.record({ status: fc.constantFrom('completed', 'refused', 'debited', 'compensated') }),
  fc.record({ refusal: fc.constantFrom('insufficient_funds', 'asset_mismatch', 'wallet_frozen') }),
  fc.record({ asset: fc.constantFrom(1, 4, 3) }),
  fc.record({ key: fc.integer({ min: 0, max: 40 }).map((n) => (n === 0 ? 'open' : `op ${n}`)) }),
  fc.record({ properties: fc.integer({ min: 1, max: 21 }).map((id) => [`orderId=${id}`]) }),
  fc.record({
    properties: fc.constantFrom(['shop.till=1'], ['shop.open=true'], [`note=${texts[3]}`], ['tags=x'], ['tags=%_\\'], ['none=1']),
  }),
  fc.record({ words: fc.constantFrom(...texts.map(wordsIn), ['zoë', 'gift'], ['absent']).filter((words) => words.length > 0) }),
  fc.record({ since: moment }),
  fc.record({ until: moment }),
);
const filters = fc.oneof(
  condition,
  fc.tuple(condition, condition).map(([one, other]) => ({ ...one, ...other })),
  fc.tuple(condition, condition, condition).map((all) => Object.assign({}, ...all) as OperationFilter),
) as fc.Arbitrary<OperationFilter>;
const readers = fc.option(fc.constantFrom(...owners), { nil: undefined, freq: 2 });
const idOf = ({ book, seq }: { book: number; seq: number }) => `${book}-${seq}`;

test('each filter alone and with others finds what the log has, page by page, in both directions', async () => {
  const searched = fc.record({ limit: fc.integer({ min: 3, max: 60 }), order: fc.constantFrom('desc', 'asc') });
  await fc.assert(
    fc.asyncProperty(filters, readers, searched, async (filter, onlyOwner, { limit, order }) => {
      const wanted = rows.filter((row) => isMeant(row, filter, onlyOwner)).map(idOf);
      const { there, back, count } = await bothWays(
        async (cursor) => await log.find.operations(filter, { onlyOwner }, { limit, order, cursor, count: true }),
        ({ entry }) => idOf(entry),
      );
      expect(there.flat()).toEqual(order === 'desc' ? wanted.toReversed() : wanted);
      expect(back).toEqual(there.slice(0, -1));
      expect(count?.exact).toBe(true);
    }),
    { numRuns: 150 },
  );
}, 300_000);

test('holds are found by the filters of operations and by their state', async () => {
  const states = fc.constantFrom('open', 'captured', 'released', 'expired', undefined);
  const { rows: held } = await log.pool.query<{ book: number; seq: number; left: bigint; captured: boolean }>(
    `select h.book, h.seq, min(e.hold_left) as left, bool_or(e.kind = 'capture') as captured
     from ledger.entry h join ledger.entry e on e.book = h.book and e.hold = h.seq where h.hold = h.seq group by h.book, h.seq`,
  );
  const stateOf = new Map(held.map((one) => [idOf(one), one.left > 0n ? 'open' : one.captured ? 'captured' : 'released']));
  await fc.assert(
    fc.asyncProperty(filters, readers, states, async (filter, onlyOwner, state) => {
      const { status: _status, ...asked } = filter;
      const wanted = rows.filter(
        (row) =>
          row.kind === 'hold' &&
          row.refusal === null &&
          isMeant(row, asked, onlyOwner) &&
          (state === undefined || stateOf.get(idOf(row)) === state),
      );
      const { there, back } = await bothWays(
        async (cursor) => await log.find.holds({ ...asked, state }, { onlyOwner }, { limit: 7, cursor }),
        ({ entry }) => idOf(entry),
      );
      expect(there.flat()).toEqual(wanted.map(idOf).toReversed());
      expect(back).toEqual(there.slice(0, -1));
    }),
    { numRuns: 60 },
  );
}, 300_000);

test('an exact rebuild finds the same', async () => {
  const check = await rebuild({ pool: log.pool, ledger: log.ledger, log: silentLog(), projection: findProjection, check: true });
  expect(check).toMatchObject({ differences: [], setAside: 0 });
});
