/** How an account's newest entry and its history are found: along the log, from ledger.newest and the batches after it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { newBook, postOne, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { places } from './tampering.ts';

let database: TestDatabase;
let book: number;
let reader: BookReader;
const opens = { owner: null, asset: 1, floor: 0n };

beforeAll(async () => {
  database = await createTestDatabase();
  book = await newBook(database);
  reader = new BookReader(book, database.pool);
  const writer = await startWriter(database.url, book);
  await deposit(writer, 'hot', 'first');
  // More than two indexed versions of one wallet, and wallets on several rows of ledger.newest.
  for (let round = 0; round < 6; round++)
    await Promise.all(Array.from({ length: 100 }, (_, at) => deposit(writer, at % 2 === 0 ? 'hot' : `w${round}-${at}`, `${round}-${at}`)));
  await Promise.all(Array.from({ length: 400 }, (_, at) => deposit(writer, 'hot', `more ${at}`)));
  await writer.stop();
});
afterAll(() => database.drop());

async function deposit(writer: Parameters<typeof postOne>[0], wallet: string, key: string): Promise<void> {
  await postOne(writer, { kind: 'deposit', key, debit: { system: 'cash_in' }, credit: { wallet, opens }, amount: 1n });
}

/** The seqs of an account's entries, newest first, by a scan of the whole log. */
async function entriesOf(account: number): Promise<number[]> {
  const { rows } = await database.pool.query<{ seq: number }>(
    'select seq from ledger.entry where book = $1 and $2 in (debit_account, credit_account) order by seq desc',
    [book, account],
  );
  return rows.map(({ seq }) => seq);
}

const hot = async () => {
  const balance = await reader.balance('hot');
  if (!balance) throw new Error('the wallet was opened');
  return balance;
};

/** While nobody can move ledger.newest: everything that is posted meanwhile is in the tail. */
async function withoutMoves(work: () => Promise<void>): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await client.query('select from ledger.newest_until where book = $1 for update', [book]);
    await work();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

it('reads the history of a wallet page by page, and its balance at every entry, as a scan of the log does', async () => {
  const { number, version } = await hot();
  const entries = await entriesOf(number);
  expect(entries.length).toBe(version + 1);
  const read: number[] = [];
  for (let before = version + 1; before > 1;) {
    const page = await reader.history(number, { from: before - 1, downTo: 1, limit: 97 });
    read.push(...page.map(({ seq }) => seq));
    before = page.at(-1)?.credit?.version ?? 0;
  }
  // The opening is no posting.
  expect(read).toEqual(entries.slice(0, -1));
  const { rows } = await database.pool.query<{ seq: number; balance: bigint; expected: bigint }>(
    `select e.seq, past.balance, e.credit_after as expected
     from ledger.entry e cross join lateral ledger.balance_at($1, $2, e.seq) past
     where e.book = $1 and e.credit_account = $2 and e.kind <> 'open' and (past.balance <> e.credit_after or past.version <> e.credit_version)`,
    [book, number],
  );
  expect(rows).toEqual([]);
});

it('reads what was posted since ledger.newest was moved, and so does the next owner', async () => {
  const before = await hot();
  let writer = await startWriter(database.url, book);
  await withoutMoves(async () => {
    await Promise.all(Array.from({ length: 30 }, (_, at) => deposit(writer, 'hot', `tail ${at}`)));
    await deposit(writer, 'young', 'tail young');
    expect(await hot()).toMatchObject({ balance: before.balance + 30n, version: before.version + 30 });
    expect(await reader.balance('young')).toMatchObject({ balance: 1n, version: 1 });
    expect(await reader.balance('w0-1')).toMatchObject({ balance: 1n, version: 1 });
    expect((await verify(database.pool)).ok).toBe(true);
  });
  await writer.stop();
  writer = await startWriter(database.url, book);
  await deposit(writer, 'hot', 'after');
  await deposit(writer, 'young', 'after young');
  await writer.stop();
  expect(await hot()).toMatchObject({ balance: before.balance + 31n, version: before.version + 31 });
  expect((await verify(database.pool)).ok).toBe(true);
});

describe('the verifier reports', () => {
  const anAccount = `(select number from ledger.account where book = $book and id = 'w3-1')`;
  const seqs = (change: string) => `update ledger.newest set seqs[(${anAccount} - 1) % 128 + 1] = ${change}
    where book = $book and page = (${anAccount} - 1) / 128`;
  /** The last batch is in the tail. */
  const tail = `
    delete from ledger.newest where book = $book; delete from ledger.newest_tail where book = $book; update ledger.newest_until set seq = 0 where book = $book;
    do $$ begin perform ledger.move_newest($book, (select first_seq - 1 from ledger.batch where book = $book order by batch_no desc limit 1)); end $$;
    insert into ledger.newest_tail (book, last_seq, first_seq, accounts)
    select b.book, b.last_seq, b.first_seq, array(
      select distinct side.account from ledger.entry e cross join lateral unnest(array[e.debit_account, e.credit_account]) as side (account)
      where e.book = b.book and e.seq between b.first_seq and b.last_seq and side.account is not null order by 1)
    from ledger.batch b where b.book = $book order by b.batch_no desc limit 1;`;
  const change = (sql: string) => database.pool.query(sql.replaceAll('$book', String(book)));

  it('nothing about a tail that is as the log', async () => {
    await change(tail);
    expect(await verify(database.pool)).toMatchObject({ ok: true });
  });

  it.each([
    ['an account whose newest entry is an earlier one', seqs(`(select opened_seq from ledger.account where book = $book and id = 'w3-1')`)],
    ['an account whose newest entry is of another account', seqs('seqs[(1 - 1) % 128 + 1] + 1')],
    ['an account that is missing', seqs('0')],
    ['a row that is missing', 'delete from ledger.newest where book = $book and page = 0'],
    ['a position that is behind its rows', 'update ledger.newest_until set seq = seq - 1 where book = $book'],
    ['a batch of the tail that is missing', `${tail} delete from ledger.newest_tail where book = $book`],
    ['an account that a batch of the tail lacks', `${tail} update ledger.newest_tail set accounts = accounts[2:] where book = $book`],
    [
      'an account that a batch of the tail does not name',
      `${tail} update ledger.newest_tail set accounts = accounts || 9999999::bigint where book = $book`,
    ],
    ['a row of the tail that is no batch', 'insert into ledger.newest_tail select $book, 9999999, 9999990, array[1]'],
  ])('%s', async (_what, sql) => {
    await change(sql);
    const found = places(await verify(database.pool));
    await database.pool.query('select ledger.rebuild_newest($1)', [book]);
    expect(found.filter((place) => place.startsWith('I3'))).toHaveLength(1);
    expect((await verify(database.pool)).ok).toBe(true);
  });
});

it('fails a read, and does not answer that a wallet is missing, when its newest entry is not in the log', async () => {
  await database.pool.query(`update ledger.newest set seqs = array_fill(9999999::bigint, array[128]) where book = $1 and page = 0`, [book]);
  await expect(reader.balance('hot')).rejects.toThrow('is in the log');
  await database.pool.query('select ledger.rebuild_newest($1)', [book]);
});

it('moves nothing of a book whose position is missing, and makes it anew from the log', async () => {
  const before = await hot();
  await database.pool.query('delete from ledger.newest_until where book = $1', [book]);
  await expect(startWriter(database.url, book)).rejects.toThrow('rebuild_newest makes it anew');
  await database.pool.query('select ledger.rebuild_newest($1)', [book]);
  expect(await hot()).toMatchObject({ balance: before.balance, version: before.version });
  expect((await verify(database.pool)).ok).toBe(true);
});

it('keeps the balance of every wallet when the position is set back by hand, while it is moved on again step by step', async () => {
  const before = await hot();
  await database.pool.query('select ledger.move_newest($1, 1000000)', [book]);
  await database.pool.query('update ledger.newest_until set seq = 0 where book = $1', [book]);
  for (let step = 0; step < 3; step++) {
    await database.pool.query('select ledger.move_newest($1, 100)', [book]);
    expect(await hot()).toMatchObject({ balance: before.balance, version: before.version });
  }
  await database.pool.query('select ledger.move_newest($1, 1000000)', [book]);
  expect((await verify(database.pool)).ok).toBe(true);
});

describe('planted bugs', () => {
  /** Replaces a part of a function, and returns how to undo it. */
  async function plant(name: string, part: string, by: string): Promise<() => Promise<void>> {
    const { rows } = await database.pool.query<{ source: string }>('select pg_get_functiondef($1::regproc) as source', [`ledger.${name}`]);
    const source = rows[0]?.source ?? '';
    expect(source).toContain(part);
    await database.pool.query(source.replace(part, by));
    return async () => void (await database.pool.query(source));
  }

  it('a move that misses its last entry is reported by the verifier', async () => {
    const undo = await plant('move_newest', 'e.seq <= until_seq\n', 'e.seq < until_seq\n');
    await database.pool.query('select ledger.rebuild_newest($1)', [book]);
    await undo();
    const found = places(await verify(database.pool));
    await database.pool.query('select ledger.rebuild_newest($1)', [book]);
    expect(found).toContainEqual(expect.stringMatching(/^I3 account/));
  });

  it('a tail that is read one batch short gives another balance than the log', async () => {
    const writer = await startWriter(database.url, book);
    const undo = await plant('newest_of', 'order by t.last_seq desc limit 1', 'order by t.last_seq desc offset 1 limit 1');
    await withoutMoves(async () => {
      await deposit(writer, 'w3-1', 'one short');
      expect(await reader.balance('w3-1')).toMatchObject({ balance: 1n });
    });
    await undo();
    expect(await reader.balance('w3-1')).toMatchObject({ balance: 2n });
    await writer.stop();
  });
});
