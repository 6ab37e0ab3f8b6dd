/**
 * Reads the log in chunks, in order, as text: the verifier trusts neither types nor constraints, and converting rows to objects is half
 * their cost. While one chunk is checked, PostgreSQL prepares the next.
 */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';
import { balanceRow, eventRow, logRow, logSelection, originalRow, stepRow } from './rows.ts';
import type { AssetRow, BalanceRow, BatchRow, ChartRow, DeclarationRow, EventRow, LogRow, NewestPage, TailRow, TextRow } from './rows.ts';
import { isStep, placesIn } from './sagas.ts';

/** Two connections that share one snapshot: deriving the events costs PostgreSQL as much as reading the entries. */
export type Snapshot = { readonly log: pg.ClientBase; readonly events: pg.ClientBase };

/**
 * Everything is read in chunks along the primary keys. A plan for the whole table would scan it again for each chunk, and a plan without
 * statistics would compare every account with every entry. With these off each look-up is an index probe.
 */
const planSettings = [
  'enable_seqscan',
  'enable_bitmapscan',
  'enable_hashjoin',
  'enable_mergejoin',
  'enable_material',
  'enable_memoize',
  'jit',
]
  .map((setting) => `set local ${setting} = off;`)
  .join(' ')
  .concat(' set local statement_timeout = 0;');

/** Runs the work on one read-only snapshot of the ledger. */
export async function withSnapshot<T>(pool: pg.Pool, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const log = await pool.connect();
  try {
    await log.query(`begin isolation level repeatable read read only; ${planSettings}`);
    const { rows } = await log.query<{ name: string }>('select pg_export_snapshot() as name');
    const events = await pool.connect();
    try {
      await events.query(
        `begin isolation level repeatable read read only; set transaction snapshot '${rows[0]?.name ?? ''}'; ${planSettings}`,
      );
      return await work({ log, events });
    } finally {
      events.release(true);
    }
  } finally {
    // Closed rather than returned to the pool: a query may still be running when the work failed.
    log.release(true);
  }
}

const batchesPerChunk = 2_000;
const entriesPerChunk = 8_000;
const accountsPerChunk = 8_000;
const pagesPerChunk = 500;

const microseconds = (column: string) => `(extract(epoch from ${column}) * 1000000)::bigint`;

const batchesText = `
  select batch_no, first_seq, last_seq, ${microseconds('recorded_at')}, format, encode(hash, 'hex')
  from ledger.batch where book = $1 and batch_no > $2 order by batch_no limit ${batchesPerChunk}`;

const entriesText = `
  select ${logSelection(microseconds)}
  from ledger.entry e
  left join ledger.account a on e.kind = 'open' and a.book = e.book and a.number = e.credit_account
  where e.book = $1 and e.seq > $2 order by e.seq limit ${entriesPerChunk}`;

const eventsText =
  'select seq, part, type, wallet, operation from ledger.event where book = $1 and seq >= $2 and seq <= $3 order by seq, part';

const originalsText = `
  select e.seq, e.kind, e.debit_account, e.credit_account, e.amount, e.scope, e.refusal
  from unnest($2::bigint[]) as wanted (seq) join ledger.entry e on e.book = $1 and e.seq = wanted.seq`;

const stepsText = `
  select e.book, e.seq, e.kind, e.amount, a.asset, a.id, e.refusal, e.details, ${microseconds('e.effective_at')}, e.metadata
  from unnest($1::integer[], $2::bigint[]) as wanted (book, seq)
  join ledger.entry e on e.book = wanted.book and e.seq = wanted.seq
  left join ledger.account a on a.book = e.book and a.number = coalesce(e.debit_account, e.scope)`;

const balancesText = `
  select b.number, b.balance, b.version, b.held, b.floor, b.controls, b.spent_day, b.spent_month
  from ledger.balances_of($1, $2, $3, $4) b order by b.number`;

const newestText = `
  select page, array_to_string(seqs, ',') from ledger.newest where book = $1 and page > $2 order by page limit ${pagesPerChunk}`;

/** `seq`: of the account's newest entry; null: `ledger.newest` has it. */
export type NewestSeq = { readonly number: number; readonly seq: number | null };

/** Every version of every asset. */
const assetsText = `
  select a.id, a.code, a.scale, a.name, v.version, v.name, v.kind, v.retired
  from ledger.asset a left join ledger.asset_version v on v.asset = a.id order by a.id, v.version`;

/** Every version of every account of the chart. */
const chartText = `
  select c.id, c.asset, c.type, c.floor, v.name, v.parent, v.version
  from ledger.chart c left join ledger.chart_version v on v.account = c.id order by c.id, v.version`;

export class LogReader {
  readonly #snapshot: Snapshot;
  readonly #book: number;

  constructor(snapshot: Snapshot, book: number) {
    this.#snapshot = snapshot;
    this.#book = book;
  }

  async *batches(): AsyncGenerator<BatchRow> {
    for await (const chunk of this.#chunks(batchesText, batchesPerChunk)) {
      for (const row of chunk) {
        const [batchNo, firstSeq, lastSeq, recordedAtUs, format] = row.map(Number) as [number, number, number, number, number];
        yield { batchNo, firstSeq, lastSeq, recordedAtUs, format, hash: row[5] ?? '' };
      }
    }
  }

  /** Chunks of entries with the events that the view derives from them. */
  async *entries(): AsyncGenerator<{ entries: LogRow[]; events: () => Promise<EventRow[]> }> {
    for await (const chunk of this.#chunks(entriesText, entriesPerChunk)) {
      const entries = chunk.map(logRow);
      const first = entries[0];
      const last = entries[entries.length - 1];
      assert(first && last, 'a chunk has rows');
      // Started now, so that PostgreSQL derives them while the entries are checked.
      const events = this.#query(eventsText, [this.#book, first.seq, last.seq], this.#snapshot.events);
      events.catch(() => undefined);
      await this.#addOriginals(entries);
      await this.#addSteps(entries);
      yield { entries, events: async () => (await events).map(eventRow) };
    }
  }

  /** Reversed entries may be anywhere earlier in the log; they are looked up, so that memory does not grow with the log. */
  async #addOriginals(entries: readonly LogRow[]): Promise<void> {
    const reversals = entries.filter(({ reverses }) => reverses !== null);
    if (reversals.length === 0) return;
    const rows = await this.#query(originalsText, [this.#book, [...new Set(reversals.map(({ reverses }) => reverses))]]);
    const originals = new Map(rows.map((row) => [Number(row[0]), originalRow(row)]));
    for (const reversal of reversals) reversal.original = originals.get(reversal.reverses ?? 0) ?? null;
  }

  /** Likewise the earlier steps of transfers by saga, in any book. */
  async #addSteps(entries: readonly LogRow[]): Promise<void> {
    const steps = entries
      .filter((entry) => isStep(entry) && entry.kind !== 'transfer_debit')
      .map((entry) => ({ entry, ...placesIn(entry) }));
    if (steps.length === 0) return;
    const places = steps.flatMap(({ debit, decided }) => [debit, decided]).filter((place) => place !== null);
    const rows = await this.#query(stepsText, [places.map(({ book }) => book), places.map(({ seq }) => seq)]);
    const found = new Map(rows.map((row) => [`${row[0]}-${row[1]}`, stepRow(row)]));
    const at = (place: (typeof places)[number] | null) => (place && found.get(`${place.book}-${place.seq}`)) ?? null;
    for (const { entry, debit, decided } of steps) entry.saga = { debit: at(debit), decided: at(decided) };
  }

  async declarations(): Promise<DeclarationRow[]> {
    const rows = await this.#query(
      'select batch_no, position, kind, body from ledger.declaration where book = $1 order by batch_no, position',
      [this.#book],
    );
    return rows.map(([batchNo, position, kind, body]) => ({
      batchNo: Number(batchNo),
      position: Number(position),
      kind: (kind ?? '') as DeclarationRow['kind'],
      body: body ?? '',
    }));
  }

  async assets(): Promise<AssetRow[]> {
    const rows = await this.#query(assetsText, []);
    return rows.map(([id, code, scale, first, version, name, kind, retired]) => {
      const row = { id: Number(id), code: code ?? '', scale: Number(scale), firstName: first ?? '' };
      const described = { name: name ?? '', kind: kind ?? '', retired: retired === 't' };
      return { ...row, version: version === null || version === undefined ? null : { number: Number(version), ...described } };
    });
  }

  async chart(): Promise<ChartRow[]> {
    const rows = await this.#query(chartText, []);
    return rows.map(([id, asset, type, floor, name, parent, version]) => ({
      id: id ?? '',
      asset: Number(asset),
      type: type ?? '',
      floor: floor ?? null,
      name: name ?? '',
      parent: parent ?? null,
      version: Number(version),
    }));
  }

  /**
   * What reads return for accounts, in chunks. What `ledger.newest` does not have is given: a search of the tail of the log for each account
   * would take as long as all the rest.
   */
  async *balances(accounts: Iterable<NewestSeq>, lastSeq: number): AsyncGenerator<BalanceRow> {
    let chunk: NewestSeq[] = [];
    for (const account of accounts) {
      chunk.push(account);
      if (chunk.length < accountsPerChunk) continue;
      yield* await this.#balancesOf(chunk, lastSeq);
      chunk = [];
    }
    yield* await this.#balancesOf(chunk, lastSeq);
  }

  async #balancesOf(accounts: readonly NewestSeq[], lastSeq: number): Promise<BalanceRow[]> {
    const numbers = accounts.map(({ number }) => number);
    const seqs = accounts.map(({ seq }) => seq);
    return (await this.#query(balancesText, [this.#book, numbers, lastSeq, seqs])).map(balanceRow);
  }

  /** Until which seq `ledger.newest` has been moved, and the batches after it. */
  async newestTail(): Promise<{ movedUntil: number; tail: TailRow[] }> {
    const until = await this.#query('select seq from ledger.newest_until where book = $1', [this.#book]);
    const movedUntil = Number(until[0]?.[0] ?? 0);
    const rows = await this.#query(
      "select last_seq, first_seq, array_to_string(accounts, ',') from ledger.newest_tail where book = $1 and last_seq > $2",
      [this.#book, movedUntil],
    );
    const tail = rows.map(([lastSeq, firstSeq, accounts]) => ({
      lastSeq: Number(lastSeq),
      firstSeq: Number(firstSeq),
      accounts: numbersIn(accounts),
    }));
    return { movedUntil, tail };
  }

  async *newest(): AsyncGenerator<NewestPage> {
    for await (const chunk of this.#chunks(newestText, pagesPerChunk)) {
      for (const [page, seqs] of chunk) yield { page: Number(page), seqs: numbersIn(seqs) };
    }
  }

  async lastSeq(): Promise<number> {
    const rows = await this.#query('select max(seq) from ledger.entry where book = $1', [this.#book]);
    return Number(rows[0]?.[0] ?? 0);
  }

  /** Accounts without an opening in the log. */
  async accountsWithoutOpening(): Promise<{ number: number; id: string }[]> {
    const rows = await this.#query(
      `select a.number, a.id from ledger.account a
       where a.book = $1 and not exists (
         select 1 from ledger.entry e
         where e.book = a.book and e.seq = a.opened_seq and e.kind = 'open' and e.refusal is null and e.credit_account = a.number)
       order by a.number limit 100`,
      [this.#book],
    );
    return rows.map(([number, id]) => ({ number: Number(number), id: id ?? '' }));
  }

  /** Keys that have more than one entry. */
  async keysUsedTwice(): Promise<{ scope: number; key: string; count: number; second: number }[]> {
    const rows = await this.#query(
      `select scope, key, count(*), (array_agg(seq order by seq))[2] from ledger.entry
       where book = $1 and key is not null group by scope, key having count(*) > 1 order by 4 limit 100`,
      [this.#book],
    );
    return rows.map(([scope, key, count, second]) => ({
      scope: Number(scope),
      key: key ?? '',
      count: Number(count),
      second: Number(second),
    }));
  }

  /** Rows after a position (their first column), chunk by chunk. The next chunk is requested before the current one is returned. */
  async *#chunks(text: string, size: number): AsyncGenerator<readonly TextRow[]> {
    let next: Promise<TextRow[]> | undefined = this.#query(text, [this.#book, Number.MIN_SAFE_INTEGER]);
    while (next !== undefined) {
      const rows: TextRow[] = await next;
      const last = rows.at(-1);
      next = rows.length < size || last === undefined ? undefined : this.#query(text, [this.#book, last[0]]);
      next?.catch(() => undefined);
      if (last !== undefined) yield rows;
    }
  }

  async #query(text: string, values: readonly unknown[], client = this.#snapshot.log): Promise<TextRow[]> {
    const { rows } = await client.query<string[]>({ text, values: [...values], rowMode: 'array', types: asText });
    return rows;
  }
}

function numbersIn(text: string | null | undefined): number[] {
  return (text ?? '').split(',').map(Number);
}

const asText: pg.CustomTypesConfig = { getTypeParser: () => (text: string) => text };
