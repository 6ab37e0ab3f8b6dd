/** A ledger of four books behaves like one: it refuses only what would need two books in one transaction. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { bookOfWallet, openLedger, operationId, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerEvent, Operation, Outcome, TransferOperation } from '../../packages/coffer/src/ledger/index.ts';
import { seedDemo } from '../../packages/coffer/src/compose/seed.ts';
import { WalletQueries } from '../../packages/coffer/src/wallets/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { randomFrom, seedOf } from '../support/seed.ts';

const bookCount = 4;
const gold = 1;
const dollars = 3;
const owner = '5b1e7c52-0f3a-4f6d-9a51-6a3a0d6c2f10';

let database: TestDatabase;
let ledger: Ledger;
beforeAll(async () => {
  database = await createTestDatabase();
  ledger = await open(bookCount);
});
afterAll(async () => {
  await ledger.stop();
  await database.drop();
});

async function open(books?: number): Promise<Ledger> {
  return await openLedger({ url: inRole(database.url, 'writer'), log: silentLog(), books, patienceMs: 60_000 });
}

/** A wallet id that belongs to the given book. */
function walletIn(book: number, name: string): string {
  for (let at = 0; ; at++) if (bookOfWallet(`${name}${at}`, bookCount) === book) return `${name}${at}`;
}

function deposit(wallet: string, amount: bigint, key: string, asset = dollars): TransferOperation {
  return { kind: 'deposit', key, debit: { system: 'cash_in' }, credit: { wallet, opens: { owner: null, asset, floor: 0n } }, amount };
}

function transfer(from: string, to: string, amount: bigint, key: string): TransferOperation {
  return { kind: 'transfer', key, debit: { wallet: from }, credit: { wallet: to }, amount };
}

function codeOf(outcome: Outcome | undefined): string | undefined {
  return outcome?.status === 'refused' ? outcome.refusal.code : outcome?.status;
}

async function expectWhole(): Promise<void> {
  const report = await verify(database.pool);
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.books.map(({ book }) => book)).toEqual(ledger.books);
}

describe('concurrent load on all books', () => {
  it('conserves every unit per asset, in each book and in total, across a restart', async () => {
    const random = randomFrom(seedOf('load on four books'));
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] ?? (from[0] as T);
    const wallets = ledger.books.flatMap((book) =>
      [gold, dollars].flatMap((asset) =>
        Array.from({ length: 5 }, (_, at) => ({ book, asset, id: walletIn(book, `load-${asset}-${at}-`) })),
      ),
    );
    await Promise.all(wallets.map(({ id, asset }) => ledger.post(deposit(id, 1_000n, 'opening', asset))));
    const caller = async (name: number, from: number) => {
      const outcomes: (string | undefined)[] = [];
      for (let call = from; call < from + 40; call++) {
        const [debit, credit] = [pick(wallets), pick(wallets)];
        if (debit.id === credit.id) continue;
        outcomes.push(codeOf(await ledger.post(transfer(debit.id, credit.id, BigInt(1 + Math.floor(random() * 400)), `${name}-${call}`))));
      }
      return outcomes;
    };
    const first = await Promise.all(Array.from({ length: 30 }, (_, name) => caller(name, 0)));
    await ledger.stop();
    ledger = await open();
    const second = await Promise.all(Array.from({ length: 30 }, (_, name) => caller(name, 1_000)));
    const seen = new Set([...first, ...second].flat());
    // Load without these outcomes would prove little.
    for (const code of ['posted', 'other_book', 'insufficient_funds', 'asset_mismatch']) expect(seen).toContain(code);

    await expectWhole();
    const { rows } = await database.pool.query(
      `select asset, book, sum(balance) as total, sum(balance) filter (where kind = 'wallet') as in_wallets
       from ledger.balance group by asset, book order by asset, book`,
    );
    const place = (asset: number) => ledger.books.map((book) => ({ asset, book, total: 0n, in_wallets: 5_000n }));
    expect(rows).toEqual([...place(gold), ...place(dollars)]);
  });
});

describe('a transfer to a wallet of another book', () => {
  it('is refused with its own code, recorded, and replayed after a restart; nothing moves', async () => {
    const [here, there] = [walletIn(1, 'here-'), walletIn(2, 'there-')];
    for (const wallet of [here, there]) await ledger.post(deposit(wallet, 100n, 'opening'));
    const operation = transfer(here, there, 40n, 'abroad');
    const refused = await ledger.post(operation);
    expect(refused).toMatchObject({
      status: 'refused',
      replayed: false,
      refusal: { code: 'other_book', facts: { wallet: there } },
      entry: { book: 1 },
    });
    await ledger.stop();
    ledger = await open();
    expect(await ledger.post(operation)).toMatchObject({
      status: 'refused',
      replayed: true,
      seq: refused.seq,
      refusal: { code: 'other_book' },
    });
    expect(await ledger.post({ ...operation, amount: 41n })).toMatchObject({ refusal: { code: 'idempotency_key_reused' } });
    for (const wallet of [here, there]) expect(await ledger.read.balance(wallet)).toMatchObject({ balance: 100n });
  });

  it('refuses the whole all-or-nothing group that contains it', async () => {
    const [here, beside, there] = [walletIn(1, 'group-'), walletIn(1, 'beside-'), walletIn(2, 'group-')];
    for (const wallet of [here, beside, there]) await ledger.post(deposit(wallet, 100n, 'opening'));
    const inside = await ledger.postLinked([transfer(here, beside, 1n, 'in-1'), transfer(beside, here, 2n, 'in-2')]);
    expect(inside.map(codeOf)).toEqual(['posted', 'posted']);
    const across = await ledger.postLinked([transfer(here, beside, 1n, 'across-1'), transfer(there, here, 2n, 'across-2')]);
    expect(across.map(codeOf)).toEqual(['linked_operation_refused', 'other_book']);
    expect(await ledger.read.balance(there)).toMatchObject({ balance: 100n });
  });
});

describe('operations for several books in one request', () => {
  it('are answered individually, in request order', async () => {
    const wallets = [3, 1, 4, 1, 2, 3].map((book, at) => walletIn(book, `each-${at}-`));
    const operations: Operation[] = wallets.map((wallet, at) => deposit(wallet, BigInt(at + 1), 'each'));
    const outcomes = await ledger.postEach([...operations, transfer(wallets[0] ?? '', wallets[1] ?? '', 1n, 'abroad')]);
    expect(outcomes.map(codeOf)).toEqual([...wallets.map(() => 'posted'), 'other_book']);
    expect(outcomes.slice(0, -1).map((outcome) => outcome.entry?.credit?.id)).toEqual(wallets);
    expect(outcomes.slice(0, -1).map((outcome) => outcome.entry?.book)).toEqual([3, 1, 4, 1, 2, 3]);
    expect(await ledger.postEach([])).toEqual([]);
  });

  it('have an unknown outcome when one book posted and another did not answer: no answer claims that nothing was done', async () => {
    const hurried = await openLedger({ url: inRole(database.url, 'writer'), log: silentLog(), patienceMs: 2_000 });
    const [here, stuck] = [walletIn(1, 'answers-'), walletIn(2, 'stuck-')];
    const turn = await database.pool.connect();
    const outcomeOf = async (posting: Promise<unknown>) =>
      await posting.catch((failure: unknown) => (failure as { outcome?: string }).outcome);
    try {
      await turn.query('begin');
      await turn.query('select from ledger.book where book = 2 for no key update');
      // The first is sent and waits for the book's lock; later ones wait here and are never sent.
      const sent = outcomeOf(hurried.post(deposit(stuck, 1n, 'sent')));
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(async () => (await database.pool.query(waiting)).rowCount).toBe(1);
      const alone = outcomeOf(hurried.postEach([deposit(stuck, 1n, 'alone 1'), deposit(stuck, 1n, 'alone 2')]));
      const both = outcomeOf(hurried.postEach([deposit(here, 1n, 'both'), deposit(stuck, 1n, 'both')]));
      expect(await Promise.all([sent, alone, both])).toEqual(['unknown', 'not_done', 'unknown']);
    } finally {
      await turn.query('rollback');
      turn.release();
    }
    expect(await hurried.read.balance(here)).toMatchObject({ balance: 1n });
    await hurried.stop();
  });
});

describe('reads over all books', () => {
  it('list an owner’s wallets, find operations by id, and return nothing for a missing book', async () => {
    for (const [asset, code] of [
      [gold, 'GOLD'],
      [dollars, 'USD'],
    ] as const) {
      await ledger.post({ kind: 'open', key: 'signup', wallet: `${owner}.${code}`, opens: { owner, asset, floor: 0n } });
    }
    const usd = ledger.assets.find('USD');
    assert(usd, 'the migrations bring USD');
    const queries = new WalletQueries(ledger, usd);
    const { items, next } = await queries.walletsOf(owner, 1);
    expect([...items, ...(await queries.walletsOf(owner, 10, next ?? '')).items].map(({ id }) => id)).toEqual([
      `${owner}.GOLD`,
      `${owner}.USD`,
    ]);

    for (const book of ledger.books) {
      const wallet = walletIn(book, 'found-');
      const outcome = await ledger.post(deposit(wallet, 1n, 'find me'));
      assert(outcome.status === 'posted', 'a first deposit is posted');
      const id = operationId(outcome.entry);
      expect(id.startsWith(`${book}-`)).toBe(true);
      expect(await queries.operation(id)).toMatchObject({ entry: { book, key: 'find me', credit: { id: wallet } } });
      const read = await queries.wallet(wallet);
      assert(read, 'a wallet that was deposited into is there');
      expect(await queries.operationByKey(read, 'find me', 'service')).toMatchObject({ entry: { book, seq: outcome.seq } });
      expect((await queries.history(read, 10)).items).toHaveLength(1);
    }
    expect(await queries.operation('5-1')).toBeNull();
    expect(await queries.operation('0-1')).toBeNull();
  });

  it('return every event once, in order per book, during writes to all books', async () => {
    const seen: LedgerEvent[] = [];
    let cursor: string | undefined;
    const readOn = async () => {
      const { events, next } = await ledger.read.events(cursor, 47);
      seen.push(...events);
      cursor = next ?? cursor;
      return events.length;
    };
    let writing = true;
    const writers = ledger.books.map(async (book) => {
      for (let at = 0; at < 60; at++) await ledger.post(deposit(walletIn(book, 'told-'), 1n, `told-${at}`));
    });
    const reading = (async () => {
      while (writing) await readOn();
    })();
    await Promise.all(writers);
    writing = false;
    await reading;
    while ((await readOn()) > 0);
    expect(await ledger.read.events(cursor, 47)).toEqual({ events: [], next: null });

    expect(seen.length).toBeGreaterThan(240);
    for (const book of ledger.books) {
      const { rows } = await database.pool.query<{ id: string }>('select id from ledger.event where book = $1 order by seq, part', [book]);
      expect(seen.filter((event) => event.book === book).map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    }
    const page = await ledger.read.events(undefined, 500);
    const times = page.events.map(({ recordedAt }) => recordedAt.getTime());
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(await ledger.read.events('0-0', 500)).toEqual(page);
  });
});

describe('the demo', () => {
  it('has the same figures in four books as in one: the treasury is their sum', async () => {
    await seedDemo(database.pool, ledger);
    await seedDemo(database.pool, ledger);
    const { rows } = await database.pool.query(
      `select balance from wallets where account_id = 1 and asset_type_id = ${gold} union all
       select count(*) from ledger.balance where kind = 'treasury' and asset = ${gold}`,
    );
    expect(rows).toEqual([{ balance: 1_000_000n }, { balance: 4n }]);
    await expectWhole();
  });
});

describe('the number of books', () => {
  it('is kept by default, and a different number is refused with an explanation', async () => {
    for (const books of [1, 3, 5]) {
      await expect(open(books)).rejects.toMatchObject({
        message: expect.stringContaining('This ledger has 4 books, but COFFER_BOOKS requests') as unknown,
        remedy: expect.stringContaining('COFFER_BOOKS=4') as unknown,
      });
    }
    const again = await open();
    expect(again.books).toEqual([1, 2, 3, 4]);
    expect(again.ready).toBe(true);
    await again.stop();
    expect(again.ready).toBe(false);
  });

  it('is refused before anything is created when the database has too few connections', async () => {
    const empty = await createTestDatabase();
    const failure = openLedger({ url: inRole(empty.url, 'writer'), log: silentLog(), books: 1_024 });
    await expect(failure).rejects.toMatchObject({ remedy: expect.stringContaining('max_connections = 3102') as unknown });
    expect((await empty.pool.query('select from ledger.book')).rowCount).toBe(0);
    await empty.drop();
  });

  it('is set by the first of two processes that create the ledger concurrently', async () => {
    const empty = await createTestDatabase();
    const first = await empty.pool.connect();
    await first.query('begin');
    await first.query('select ledger.open_books(1)');
    const second = openLedger({ url: inRole(empty.url, 'writer'), log: silentLog(), books: 4 }).catch((failure: unknown) => failure);
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(async () => (await empty.pool.query(waiting)).rowCount).toBe(1);
    await first.query('commit');
    first.release();
    expect(await second).toMatchObject({
      message: expect.stringContaining('This ledger has 1 book, but COFFER_BOOKS requests 4') as unknown,
    });
    await empty.drop();
  });
});
