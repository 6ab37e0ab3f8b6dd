/** The owner of the database edits, removes or swaps holds, reversals and controls: verification names each row. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { newBook, postOne, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { takeClock } from '../support/time.ts';
import type { Clock } from '../support/time.ts';
import { changeAsOwner, keepLedger, places, putBack, verifyAfter } from './tampering.ts';

let database: TestDatabase;
let clock: Clock;
let book: number;
/** The seq of each entry by its key. */
const seqs = new Map<string, number>();
const seq = (key: string) => {
  const known = seqs.get(key);
  if (known === undefined) throw new Error(`no entry ${key}`);
  return known;
};

beforeAll(async () => {
  database = await createTestDatabase();
  clock = await takeClock(database);
  await clock.set(new Date('2026-03-10T10:00:00Z'));
  await writeLog();
  await database.pool.query(`
    do $$ declare rule record; begin
      for rule in select conname from pg_constraint where conrelid = 'ledger.entry'::regclass and contype = 'c' loop
        execute format('alter table ledger.entry drop constraint %I', rule.conname);
      end loop;
    end $$`);
  await keepLedger(database);
});
afterAll(async () => {
  await clock.end();
  await database.drop();
});
afterEach(() => putBack(database));

async function writeLog(): Promise<void> {
  book = await newBook(database);
  let writer = await startWriter(database.url, book);
  const post = async (key: string, operation: Record<string, unknown>) => {
    const outcome = await postOne(writer, { key, ...operation } as Operation);
    seqs.set(key, outcome.seq);
    return outcome.seq;
  };
  const opens = { owner: null, asset: 1, floor: 0n };
  const deposit = (wallet: string, amount: bigint) => ({
    kind: 'deposit',
    debit: { system: 'cash_in' },
    credit: { wallet, opens },
    amount,
  });
  const transfer = (amount: bigint) => ({ kind: 'transfer', debit: { wallet: 'w' }, credit: { wallet: 'v' }, amount });
  const decided = { wallet: 'w', reason: 'because', actor: 'operator:1' };
  const credit = { wallet: 'v' };

  for (const wallet of ['w', 'v', 'x']) await post(`deposit ${wallet}`, deposit(wallet, 1_000n));
  const [one, two, three] = [
    await post('hold 1', { kind: 'hold', wallet: 'w', amount: 100n, expiresInSeconds: 60 }),
    await post('hold 2', { kind: 'hold', wallet: 'w', amount: 50n }),
    await post('hold 3', { kind: 'hold', wallet: 'w', amount: 30n, expiresInSeconds: 60 }),
  ];
  await post('capture', { kind: 'capture', wallet: 'w', hold: one, credit, amount: 40n });
  await post('last capture', { kind: 'capture', wallet: 'w', hold: one, credit, amount: 20n, final: true });
  await post('release', { kind: 'release', wallet: 'w', hold: two, amount: 10n });
  await post('too much', { kind: 'capture', wallet: 'w', hold: two, credit, amount: 41n });
  await post('the rest', { kind: 'capture', wallet: 'w', hold: two, credit, amount: 999n, upTo: true });
  const moved = await post('transfer', { ...transfer(25n), effectiveAt: new Date('2020-01-01T00:00:00Z') });
  await post('other transfer', transfer(25n));
  const reversal = { kind: 'reversal', initiator: 'w', reverses: moved, ...decided };
  await post('reversal', { ...reversal, amount: 10n });
  await post('second reversal', { ...reversal, amount: 5n });
  await post('limit', { kind: 'limit', limits: { perTransfer: null, perDay: 500n, perMonth: null }, ...decided });
  await post('counted', transfer(30n));
  await post('freeze', { kind: 'freeze', sides: 'debits', ...decided });
  await post('unfreeze', { kind: 'unfreeze', sides: 'debits', ...decided });
  await post('after', transfer(1n));
  await post('line', { kind: 'credit_line', floor: -100n, ...decided });
  await post('sweep', { kind: 'close', ...decided, wallet: 'x', sides: 'both', sweepTo: { wallet: 'w' } });
  await writer.stop();
  await clock.set(new Date('2026-03-10T10:02:00Z'));
  writer = await startWriter(database.url, book);
  const expired = await postOne(writer, { kind: 'expire', key: null, wallet: 'w', hold: three });
  seqs.set('expiry', expired.seq);
  await post('last', transfer(2n));
  await writer.stop();
}

const tamper = (sql: string) => verifyAfter(database, sql);
const row = (key: string) => `book = ${book} and seq = ${seq(key)}`;

describe('an unmodified ledger with holds, reversals and controls', () => {
  it('verifies', async () => {
    expect(places(await verify(database.pool))).toEqual([]);
  });
});

describe('an edited row is named', () => {
  const edits: [what: string, key: string, change: string, rules: string][] = [
    ['what is held after a hold', 'hold 1', 'debit_held = debit_held + 1', 'I2 I11'],
    ['what the credit side holds', 'sweep', 'credit_held = credit_held - 1', 'I2 I11'],
    ['what is held, where nothing is', 'transfer', 'credit_held = 1', 'I2 I11'],
    ['what is held, away', 'transfer', 'debit_held = null', 'I2 I11'],
    ['the amount of a hold', 'hold 1', 'amount = amount - 1', 'I7 I11'],
    ['what was asked for', 'the rest', 'asked_amount = asked_amount + 1', 'I11'],
    ['what was asked for, to less', 'the rest', 'asked_amount = 39', 'I6 I11'],
    ['what was asked for, where it was just the amount', 'transfer', 'asked_amount = amount', 'I11'],
    ['the amount of a capture', 'capture', 'amount = amount + 1', 'I7 I11'],
    ['the amount of a capture, above the hold', 'capture', 'amount = 101', 'I7 I11'],
    ['what is left of a hold', 'capture', 'hold_left = hold_left - 1', 'I7 I11'],
    ['a last capture, to one that leaves the rest', 'last capture', 'hold_left = 40', 'I2 I11'],
    ['what is left after the last capture', 'last capture', 'hold_left = 1', 'I7 I11'],
    ['which hold was captured', 'capture', 'hold = hold + 1', 'I7 I11'],
    ['a hold, to one that names another', 'hold 2', 'hold = hold - 1', 'I7 I11'],
    ['when a hold expires', 'hold 1', `expires_at = expires_at + interval '1 second'`, 'I11'],
    ['that a hold expires', 'hold 1', 'expires_at = null', 'I11'],
    ['a hold, to one that had expired at once', 'hold 1', `expires_at = recorded_at`, 'I7 I11'],
    ['the amount of an expiry', 'expiry', 'amount = amount - 1', 'I7 I11'],
    ['a release, to an expiry', 'release', `kind = 'expire', key = null, scope = null`, 'I7 I11'],
    ['the effective date', 'transfer', `effective_at = effective_at - interval '1 day'`, 'I11'],
    ['the effective date, away', 'transfer', 'effective_at = null', 'I11'],
    ['the effective date, by a microsecond', 'transfer', `effective_at = effective_at + interval '1 microsecond'`, 'I11'],
    ['the effective date, where there was none', 'other transfer', 'effective_at = recorded_at', 'I11'],
    ['the effective date of a release', 'release', 'effective_at = recorded_at', 'I11'],
    ['what is reversed', 'reversal', 'reverses = reverses + 1', 'I11'],
    ['what is reversed, to what is no posting', 'reversal', 'reverses = 1', 'I6 I11'],
    ['how much is reversed', 'second reversal', 'reversed = reversed + 1', 'I6 I11'],
    ['the sides of a reversal', 'reversal', 'debit_account = credit_account, credit_account = debit_account', 'I3 I11'],
    ['why it was reversed', 'reversal', `details = '{"reason":"no reason","actor":"operator:1"}'`, 'I11'],
    ['who froze it', 'freeze', `details = '{"reason":"because","actor":"nobody","sides":"debits"}'`, 'I11'],
    ['the controls after a freeze', 'freeze', `controls = replace(controls::text, 'frozen', 'open')::json`, 'I6 I11'],
    ['a limit', 'limit', `controls = replace(controls::text, '500', '5000')::json`, 'I6 I11'],
    [
      'a limit, in both columns',
      'limit',
      `controls = replace(controls::text, '500', '5000')::json, details = replace(details::text, '500', '5000')::json`,
      'I11',
    ],
    ['a credit line', 'line', `controls = replace(controls::text, '-100', '-900')::json`, 'I6 I11'],
    ['the floor of a credit line', 'line', 'debit_floor = -900', 'I6 I11'],
    ['the floor in force later', 'last', 'debit_floor = -900', 'I6 I11'],
    ['the controls of what is none', 'after', `controls = '{}'`, 'I11'],
    ['a freeze, to an unfreeze', 'freeze', `kind = 'unfreeze'`, 'I6 I11'],
    ['where it was swept to', 'sweep', `details = replace(details::text, '"w"', '"v"')::json`, 'I11'],
    ['what left that day', 'counted', 'spent_day = spent_day - 1', 'I2 I11'],
    ['what left that month', 'counted', 'spent_month = null', 'I2 I11'],
    ['what left that day, where nothing is counted', 'transfer', 'spent_day = 25, spent_month = 25', 'I2 I11'],
    ['whose key captured', 'capture', 'scope = credit_account', 'I11'],
    ['what was refused', 'too much', `details = replace(details::text, '"amount":"41"', '"amount":"42"')::json`, 'I11'],
  ];
  for (const [what, key, change, rules] of edits) {
    it(`when ${what} was changed`, async () => {
      const found = places(await tamper(`update ledger.entry set ${change} where ${row(key)}`));
      // The chain names the batch when the row itself is consistent; each entry here is in a separate batch.
      const near = (rule: string) =>
        found.some(
          (place) => place === `${rule} ${book}-${seq(key)}` || (rule === 'I11' && place.includes(`(seq ${seq(key)} to ${seq(key)})`)),
        );
      expect(rules.split(' ').filter((rule) => !near(rule))).toEqual([]);
    });
  }
});

describe('an inconsistent sequence is named', () => {
  const inserted = (key: string, changes: string) => `
    insert into ledger.entry
    select (jsonb_populate_record(e, jsonb_build_object('seq', m.last + 1, 'operation', m.last + 1, 'key', 'inserted') || '${changes}')).*
    from ledger.entry e, (select max(seq) as last from ledger.entry where book = ${book}) m where ${row(key).replace('book', 'e.book').replace('seq', 'e.seq')}`;
  const end = () => `${book}-${seq('last') + 1}`;

  it('when a hold was deleted, at its capture too', async () => {
    const found = places(await tamper(`delete from ledger.entry where ${row('hold 1')}`));
    expect(found).toContain(`I7 ${book}-${seq('capture')}`);
    expect(found).toContain(`I11 ${book}-${seq('hold 1') + 1}`);
  });

  it('when two captures were swapped', async () => {
    const [one, other] = [seq('capture'), seq('last capture')];
    const found = places(
      await tamper(`
        update ledger.entry set seq = -1 where ${row('capture')};
        update ledger.entry set seq = ${one}, operation = ${one} where ${row('last capture')};
        update ledger.entry set seq = ${other}, operation = ${other} where seq = -1`),
    );
    expect(found).toEqual(expect.arrayContaining([`I3 ${book}-${one}`, `I7 ${book}-${other}`]));
  });

  it.each([
    ['captured', 'capture'],
    ['released', 'release'],
    ['expired', 'expiry'],
  ])('when a hold that is resolved was %s again', async (_what, key) => {
    const found = places(await tamper(inserted(key, key === 'expiry' ? '{"key": null}' : '{}')));
    expect(found).toContain(`I7 ${end()}`);
  });

  it('when a hold was captured after its expiry, or expired early', async () => {
    const earlier = `update ledger.entry set expires_at = recorded_at + interval '1 microsecond' where ${row('hold 1')}`;
    expect(places(await tamper(earlier))).toContain(`I7 ${book}-${seq('capture')}`);
    await putBack(database);
    const later = `update ledger.entry set expires_at = expires_at + interval '1 hour' where ${row('hold 3')}`;
    expect(places(await tamper(later))).toContain(`I7 ${book}-${seq('expiry')}`);
  });

  it('when the reversed amount exceeds the original', async () => {
    const found = places(await tamper(`update ledger.entry set amount = 20, reversed = 30 where ${row('second reversal')}`));
    expect(found).toContain(`I6 ${book}-${seq('second reversal')}`);
  });

  it('when a frozen wallet was debited, because its unfreeze was deleted', async () => {
    const found = places(await tamper(`delete from ledger.entry where ${row('unfreeze')}`));
    expect(found).toContain(`I6 ${book}-${seq('after')}`);
  });

  it('when a closed wallet was credited', async () => {
    const wallet = `(select number from ledger.account where book = ${book} and id = 'x')`;
    const found = places(await tamper(`update ledger.entry set credit_account = ${wallet} where ${row('last')}`));
    expect(found).toContain(`I6 ${book}-${seq('last')}`);
  });

  it('when a limit was exceeded', async () => {
    const found = places(await tamper(`update ledger.entry set amount = 480, spent_day = spent_day + 478 where ${row('last')}`));
    expect(found).toContain(`I6 ${book}-${seq('last')}`);
  });

  it('when a wallet was closed with a hold open', async () => {
    const change = (status: string) => `controls = replace(controls::text, '"credits":"open"', '"credits":"${status}"')::json`;
    const found = places(
      await tamper(
        `update ledger.entry set kind = 'close', ${change('closed')}, details = '{"reason":"because","actor":"operator:1","sides":"both"}' where ${row('freeze')}`,
      ),
    );
    expect(found).toEqual(expect.arrayContaining([`I6 ${book}-${seq('freeze')}`, `I7 ${book}-${seq('freeze')}`]));
  });

  it('when reads return a different held amount', async () => {
    const { pool } = database;
    await pool.query(`alter function ledger.balances_of rename to balances_kept;
      create function ledger.balances_of(p_book integer, p_accounts bigint[], p_known_until bigint, p_known bigint[]) returns setof ledger.balance
        language sql as $$
        select book, number, id, kind, asset, owner, floor, opened_seq, opened_at, balance, version, seq, recorded_at, held + 1, controls,
          spent_day, spent_month, debited_at
        from ledger.balances_kept(p_book, p_accounts, p_known_until, p_known) $$`);
    try {
      expect(places(await verify(pool))).toEqual([`I2 account 1 of book ${book} ($cash_in/1)`]);
    } finally {
      await pool.query('drop function ledger.balances_of; alter function ledger.balances_kept rename to balances_of');
    }
  });

  it('when an event of a hold was published to another wallet', async () => {
    const { pool } = database;
    await pool.query(`alter view ledger.event rename to event_kept; create view ledger.event as
      select book, seq, part, id, type, case seq when ${seq('release')} then 'v' else wallet end as wallet, recorded_at, operation, data from ledger.event_kept`);
    try {
      expect(places(await verify(pool))).toEqual([`I8 ${book}-${seq('release')}-1`]);
    } finally {
      await pool.query('drop view ledger.event; alter view ledger.event_kept rename to event');
    }
    await changeAsOwner(database, 'select 1');
  });
});
