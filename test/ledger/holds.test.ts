import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BookWriter } from '../../packages/coffer/src/ledger/posting/writer.ts';
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import type { Operation, Outcome, RecordedEntry } from '../../packages/coffer/src/ledger/index.ts';
import { newBook, postOne, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let writer: BookWriter;
let reader: BookReader;
let book: number;
beforeAll(async () => {
  database = await createTestDatabase();
  book = await newBook(database);
  writer = await startWriter(database.url, book);
  reader = new BookReader(book, database.pool);
});
afterAll(async () => {
  await writer.stop();
  await database.drop();
});

let last = 0;
const key = () => `key ${++last}`;
const opens = { owner: null, asset: 1, floor: 0n };
const reasonOf = (outcome: Outcome) => (outcome.status === 'refused' ? outcome.refusal.code : outcome.status);

async function fund(amount: bigint): Promise<string> {
  const wallet = `w${++last}`;
  await postOne(writer, { kind: 'deposit', key: key(), debit: { system: 'cash_in' }, credit: { wallet, opens }, amount });
  return wallet;
}

describe('an operation on a wallet', () => {
  it('reserves an amount until it is captured in parts or released', async () => {
    const wallet = await fund(100n);
    const held = await postOne(writer, { kind: 'hold', key: key(), wallet, amount: 70n });
    expect(await reader.balance(wallet)).toMatchObject({ balance: 100n, held: 70n, version: 2 });
    const out = { debit: { wallet }, credit: { system: 'cash_out' } } as const;
    expect(reasonOf(await postOne(writer, { kind: 'withdrawal', key: key(), ...out, amount: 31n }))).toBe('insufficient_funds');
    expect(reasonOf(await postOne(writer, { kind: 'withdrawal', key: key(), ...out, amount: 30n }))).toBe('posted');
    const credit = { system: 'fees' } as const;
    const capture = { kind: 'capture', wallet, hold: held.seq, credit } as const;
    expect(reasonOf(await postOne(writer, { ...capture, key: key(), amount: 50n }))).toBe('posted');
    expect(reasonOf(await postOne(writer, { ...capture, key: key(), amount: 21n }))).toBe('hold_exceeded');
    expect(reasonOf(await postOne(writer, { kind: 'release', key: key(), wallet, hold: held.seq, amount: 5n }))).toBe('posted');
    expect(await reader.hold(held.seq)).toMatchObject({ hold: { left: 15n } });
    expect(reasonOf(await postOne(writer, { ...capture, key: key(), amount: 10n, final: true }))).toBe('posted');
    expect(reasonOf(await postOne(writer, { ...capture, key: key(), amount: 1n }))).toBe('hold_resolved');
    expect(await reader.balance(wallet)).toMatchObject({ balance: 10n, held: 0n });
  });

  it('is decided by earlier entries: effective dates, freezes, reversals, limits, credit lines, sweeps', async () => {
    const wallet = await fund(100n);
    const other = await fund(1n);
    const decided = { reason: 'because', actor: 'operator:1' } as const;
    const transfer = { kind: 'transfer', debit: { wallet }, credit: { wallet: other } } as const;
    const moved = await postOne(writer, { ...transfer, key: key(), amount: 40n, effectiveAt: new Date('2020-01-01') });
    expect(reasonOf(await postOne(writer, { kind: 'freeze', key: key(), wallet, sides: 'debits', ...decided }))).toBe('posted');
    expect(reasonOf(await postOne(writer, { ...transfer, key: key(), amount: 1n }))).toBe('wallet_frozen');
    const reversal = { kind: 'reversal', initiator: wallet, reverses: moved.seq, ...decided } as const;
    expect(reasonOf(await postOne(writer, { ...reversal, key: key(), amount: 15n }))).toBe('posted');
    expect(reasonOf(await postOne(writer, { ...reversal, key: key(), amount: 26n }))).toBe('reversal_exceeds_original');
    expect(reasonOf(await postOne(writer, { ...reversal, key: key(), amount: 99n, upTo: true }))).toBe('posted');
    expect(reasonOf(await postOne(writer, { ...reversal, key: key(), amount: 1n }))).toBe('already_reversed');
    expect(reasonOf(await postOne(writer, { kind: 'unfreeze', key: key(), wallet, sides: 'both', ...decided }))).toBe('posted');
    const limits = { perTransfer: 50n, perDay: 60n, perMonth: null };
    expect(reasonOf(await postOne(writer, { kind: 'limit', key: key(), wallet, limits, ...decided }))).toBe('posted');
    expect(reasonOf(await postOne(writer, { ...transfer, key: key(), amount: 21n }))).toBe('limit_exceeded');
    expect(reasonOf(await postOne(writer, { ...transfer, key: key(), amount: 20n }))).toBe('posted');
    expect(reasonOf(await postOne(writer, { kind: 'credit_line', key: key(), wallet, floor: -500n, ...decided }))).toBe('posted');
    expect(reasonOf(await postOne(writer, { kind: 'close', key: key(), wallet, sides: 'both', ...decided }))).toBe('wallet_not_empty');
    const sweepTo = { wallet: other };
    expect(reasonOf(await postOne(writer, { kind: 'close', key: key(), wallet, sides: 'both', sweepTo, ...decided }))).toBe('posted');
    expect(await reader.balance(wallet)).toMatchObject({
      balance: 0n,
      controls: { debits: 'closed', credits: 'closed', limits },
      floor: -500n,
    });
    expect(await reader.balance(other)).toMatchObject({ balance: 101n });
    const account = (await reader.balance(wallet))?.number ?? 0;
    expect(await reader.effectiveBalanceAt(account, new Date('2021-01-01'))).toBe(-40n);
  });

  it('gets the same answer from a writer that has to read the earlier entries back', async () => {
    const wallet = await fund(100n);
    const decided = { reason: 'because', actor: 'operator:1' } as const;
    const operations: Operation[] = [
      { kind: 'credit_line', key: key(), wallet, floor: -500n, ...decided },
      { kind: 'freeze', key: key(), wallet, sides: 'both', ...decided },
      { kind: 'unfreeze', key: key(), wallet, sides: 'both', ...decided },
      { kind: 'limit', key: key(), wallet, limits: { perTransfer: 50n, perDay: null, perMonth: null }, ...decided },
      { kind: 'hold', key: key(), wallet, amount: 30n, expiresInSeconds: 60 },
      { kind: 'close', key: key(), wallet, sides: 'credits', ...decided },
    ];
    const first = [];
    for (const operation of operations) first.push(await postOne(writer, operation));
    await writer.stop();
    writer = await startWriter(database.url, book);
    const again = [];
    for (const operation of operations) again.push(await postOne(writer, operation));
    expect(again.map(({ entry }) => told(entry))).toEqual(first.map(({ entry }) => told(entry)));
  });
});

/** The parts of an answer. */
function told(entry: RecordedEntry | null): object | null {
  if (!entry?.debit) return null;
  const { balance, held, floor, version } = entry.debit;
  const { seq, kind, amount, hold, holdLeft, expiresAt, controls, recordedAt } = entry;
  return {
    seq,
    kind,
    amount,
    hold,
    holdLeft,
    expiresAt,
    controls: controls && (JSON.parse(controls) as object),
    recordedAt,
    balance,
    held,
    floor,
    version,
  };
}
