import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalCodes, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { newBook, readLog, startWriter } from '../support/books.ts';
import { comparable, comparableEntry, comparableOutcome, entryAsModel } from '../support/compare.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { expectedEventData } from '../support/events.ts';
import { Model } from '../support/model.ts';
import { chart, retiredAsset } from '../support/model-world.ts';
import { assets, granted, keepsWallet, requests } from '../support/operations.ts';
import type { Request } from '../support/operations.ts';
import { rounds } from '../support/rounds.ts';
import { seedOf } from '../support/seed.ts';
import { takeClock } from '../support/time.ts';
import type { Clock } from '../support/time.ts';
import { examples } from './examples.ts';
import { changeAsOwner } from './tampering.ts';

let database: TestDatabase;
let clock: Clock;
beforeAll(async () => {
  database = await createTestDatabase();
  clock = await takeClock(database);
  await changeAsOwner(database, `delete from ledger.asset where id not in (${assets.join()})`);
  await changeAsOwner(
    database,
    `insert into ledger.asset_version select asset, 2, name, kind, true, 'test' from ledger.asset_version where asset = ${retiredAsset}`,
  );
  for (const [name, { asset, floor }] of Object.entries(chart)) {
    const values = [name.slice(1), asset, floor];
    await database.pool.query("insert into ledger.chart (id, asset, type, floor) values ($1, $2, 'equity', $3)", values);
    await database.pool.query("insert into ledger.chart_version (account, version, name, actor) values ($1, 1, 'An account', 'test')", [
      name.slice(1),
    ]);
  }
});
afterAll(async () => {
  await clock.end();
  await database.drop();
});

const used = new Set<string>();
const reasonOf = (outcome: Outcome) => (outcome.status === 'refused' ? outcome.refusal.code : outcome.replayed ? 'replayed' : 'posted');

/** Requests that are submitted concurrently, and the pause since the previous burst. */
type Burst = { readonly requests: readonly Request[]; readonly laterMs: number };

/**
 * Far enough from the end of a day and of each hold that a burst of one second cannot reach it: an unreported refusal does not
 * state its decision time, so the expected answer must not depend on that time.
 */
const beginning = Date.parse('2026-01-30T10:00:00Z');
const hourMs = 3_600_000;
const bursts = fc.array(fc.record({ requests: requests(60), laterMs: fc.constantFrom(0, hourMs, 25 * hourMs, 32 * 24 * hourMs) }), {
  minLength: 1,
  maxLength: 3,
  size: 'max',
});

/**
 * Everything is submitted concurrently, so that batches overlap on their way to the database; one writer decides in the order of
 * submission, so the model can predict every answer. Between bursts the writer is replaced by one with an empty memory.
 */
async function playBursts(all: readonly Burst[]): Promise<void> {
  await clock.set(new Date(beginning));
  const book = await newBook(database);
  const model = new Model(assets, keepsWallet, book);
  let now = new Date(beginning);
  for (const burst of all) {
    now = new Date(now.getTime() + burst.laterMs);
    await clock.set(now);
    const operations = foreseen(burst.requests, model, now);
    const writer = await startWriter(database.url, book, { keeps: keepsWallet });
    try {
      const groups = await Promise.all(operations.map((group) => writer.queue.add(group, true)));
      const recorded = new Map((await readLog(database, book)).map(({ seq, recordedAt }) => [seq, recordedAt]));
      for (const [at, outcomes] of groups.entries()) {
        // The ledger chooses the time; the model takes it from the log.
        now = recorded.get(model.log.length + 1) ?? now;
        const expected = model.postLinked(operations[at] ?? [], now).map(comparable);
        expect(outcomes.map(comparableOutcome)).toEqual(expected);
        for (const outcome of outcomes) used.add(reasonOf(outcome));
      }
    } finally {
      await writer.stop();
    }
  }
  await clock.set(now);
  await compareWhatIsRead(book, model, now);
  await clock.set(now);
  await compareHoldsAndReversals(book, model, now);
  await compareThePast(book, model);
}

/** Wishes that refer to results of the same burst. */
function foreseen(all: readonly Request[], model: Model, now: Date): Operation[][] {
  const known = model.log.length;
  const ahead = model.copy();
  return all.map(({ wishes }) => {
    const operations = wishes.map((wish) => granted(wish, ahead, known));
    ahead.postLinked(operations, now);
    return operations;
  });
}

async function compareWhatIsRead(book: number, model: Model, now: Date): Promise<void> {
  const log = await readLog(database, book);
  expect(log.map(entryAsModel)).toEqual(model.log.map(comparableEntry));

  const reader = new BookReader(book, database.pool);
  const balances = await Promise.all(model.accounts.map(({ name }) => reader.balance(name)));
  expect(
    balances.map((read) => {
      if (!read) return null;
      const { number, balance, held, version, asset, owner, floor, controls } = read;
      return { number, balance, held, version, asset, owner, floor, controls };
    }),
  ).toEqual(
    model.accounts.map(({ number, name, balance, asset, owner, floor, debits, credits, limits }) => {
      const controls = { debits, credits, limits };
      return { number, balance, ...model.seenAt(name, now), asset, owner, floor, controls };
    }),
  );

  const events = await reader.events(0, 0, 10_000);
  expect(events.map(({ seq, part, type, wallet, data }) => ({ seq, part, type, wallet, data }))).toEqual(
    model.log.flatMap((entry) => expectedEventData(book, entry, model)),
  );
}

async function compareHoldsAndReversals(book: number, model: Model, now: Date): Promise<void> {
  const reader = new BookReader(book, database.pool);
  for (const hold of model.holds) {
    const isOver = hold.expiresAt !== null && hold.expiresAt <= now;
    expect((await reader.hold(hold.seq))?.hold).toEqual({ ...hold, left: isOver ? 0n : hold.left });
    const entries = await reader.entriesOfHold(hold.seq);
    expect(entries.map(({ seq }) => seq)).toEqual(model.log.filter((entry) => entry.hold === hold.seq).map(({ seq }) => seq));
  }
  for (const { number, name, kind } of model.accounts) {
    if (kind !== 'wallet') continue;
    const open = await reader.holdsOf(number, { beforeSeq: Number.MAX_SAFE_INTEGER, limit: 1_000, open: true });
    expect(open.map(({ hold }) => hold)).toEqual(
      model.holds.filter(({ wallet, left, expiresAt }) => wallet === name && left > 0n && !(expiresAt && expiresAt <= now)).toReversed(),
    );
  }
  const reversed = new Set(model.log.flatMap(({ reverses }) => reverses ?? []));
  for (const seq of reversed) {
    const reversals = await reader.reversalsOf([seq]);
    expect(reversals.map((entry) => entry.seq)).toEqual(model.log.filter(({ reverses }) => reverses === seq).map((entry) => entry.seq));
  }
}

/** At every recorded time and every effective date, and just before it. */
async function compareThePast(book: number, model: Model): Promise<void> {
  const moments = new Set(
    model.log.flatMap(({ recordedAt, effectiveAt, expiresAt }) =>
      [recordedAt, effectiveAt ?? recordedAt, expiresAt ?? recordedAt].flatMap((at) => [+at, +at - 1]),
    ),
  );
  const asked = model.accounts.flatMap(({ number }) => [...moments].map((at) => ({ account: number, at: new Date(at) })));
  const { rows } = await database.pool.query<{ recorded: string | null; expired: string | null; effective: bigint | null }>(
    `select (select b.balance || ' ' || b.held || ' ' || b.version from ledger.balance_at($1, a.account, ledger.seq_at($1, a.at)) b) as recorded,
       (select x.unreleased || ' ' || x.count from ledger.balance_at($1, a.account, ledger.seq_at($1, a.at)) b,
         ledger.expired_at($1, a.account, b.version, a.at) x) as expired,
       ledger.effective_balance_at($1, a.account, a.at) as effective
     from unnest($2::bigint[], $3::timestamptz[]) with ordinality as a (account, at, place) order by a.place`,
    [book, asked.map(({ account }) => account), asked.map(({ at }) => at)],
  );
  expect(rows).toEqual(
    asked.map(({ account, at }) => {
      const past = model.balanceAt(account, at);
      const expired = model.expiredAt(account, at);
      return {
        recorded: past && `${past.balance} ${past.held} ${past.version}`,
        expired: past && `${expired.left} ${expired.count}`,
        effective: model.effectiveBalanceAt(account, at),
      };
    }),
  );
}

describe('posting through PostgreSQL', () => {
  it('gives the same answers, replays, reads, history and events as the model, and the log verifies', async () => {
    await fc.assert(fc.asyncProperty(bursts, playBursts), {
      numRuns: examples.length + rounds(47, 12),
      seed: seedOf('posting against the model'),
      examples: examples.map((all): [Burst[]] => [all.map((request) => ({ requests: [request], laterMs: request.laterMs }))]),
    });
    expect([...used].toSorted()).toEqual([...refusalCodes, 'posted', 'replayed'].toSorted());
    const report = await verify(database.pool);
    // The credits and ends here are made up: their transfers never began.
    expect(report.invariants.filter(({ ok, id }) => !ok && id !== 'I16')).toEqual([]);
    expect(report.books.reduce((sum, { entries }) => sum + entries, 0)).toBeGreaterThan(rounds(1_000, 200));
  });
});
