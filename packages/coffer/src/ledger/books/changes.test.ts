import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LedgerHalted, LedgerOverloaded, LedgerUnavailable } from '../posting/outages.ts';
import type { BookWriter } from '../posting/writer.ts';
import type { Operation, Outcome } from '../rules/types.ts';
import { announcingChanges } from './changes.ts';
import type { ChangedWallet } from './changes.ts';
import { BookRouter } from './router.ts';

const key = 'k';
const unknownSeq = Number.POSITIVE_INFINITY;
const transfer: Operation = { kind: 'transfer', key, debit: { wallet: 'a' }, credit: { wallet: 'b' }, amount: 1n };
const side = (id: string, kind = 'wallet') => ({ id, kind });
const posted = (seq: number, debit: object | null, credit: object | null) =>
  ({ status: 'posted', replayed: false, seq, entry: { debit, credit } }) as unknown as Outcome;

/** The wallets that were announced, and whether that happened before the caller got the outcome. */
async function toldOf(posting: Promise<Outcome[]>, operations: readonly Operation[]) {
  const order: string[] = [];
  const told: ChangedWallet[] = [];
  const answer = announcingChanges(posting, operations, async (wallets) => {
    // A cache in Redis answers in a later turn of the event loop.
    await nextTurn();
    told.push(...wallets);
    order.push('told');
  });
  const answered = await answer.then(
    () => 'answered',
    (failure: Error) => failure.name,
  );
  order.push(answered);
  return { told, order };
}

describe('an unknown outcome', () => {
  const unknown = () => Promise.reject(new LedgerUnavailable('unknown'));

  test.each<[string, Operation, string[]]>([
    ['a transfer', transfer, ['a', 'a', 'b']],
    ['a deposit', { kind: 'deposit', key, debit: { system: 'cash_in' }, credit: { wallet: 'a' }, amount: 1n }, ['a', 'a']],
    ['a hold', { kind: 'hold', key, wallet: 'a', amount: 1n }, ['a']],
    ['a capture', { kind: 'capture', key, wallet: 'a', hold: 1, credit: { wallet: 'b' } } as Operation, ['a', 'b']],
    ['an expiry', { kind: 'expire', key: null, wallet: 'a', hold: 1 }, ['a']],
    ['a freeze', { kind: 'freeze', key, wallet: 'a', sides: 'all', reason: 'r', actor: 'x' } as unknown as Operation, ['a']],
    [
      'a closing with a sweep',
      { kind: 'close', key, wallet: 'a', sweepTo: { wallet: 'b' }, reason: 'r', actor: 'x' } as Operation,
      ['a', 'b'],
    ],
  ])('of %s announces every wallet it names, with an unknown position, before the caller is answered', async (_what, operation, ids) => {
    const { told, order } = await toldOf(unknown(), [operation]);
    expect(new Set(told.map(({ id }) => id))).toEqual(new Set(ids));
    expect(told.every(({ seq }) => seq === unknownSeq)).toBe(true);
    expect(order).toEqual(['told', 'LedgerUnavailable']);
  });

  test('of several operations announces the wallets of all of them', async () => {
    const other: Operation = { ...transfer, key: 'l', debit: { wallet: 'c' }, credit: { wallet: 'd' } };
    const { told } = await toldOf(unknown(), [transfer, other]);
    expect(new Set(told.map(({ id }) => id))).toEqual(new Set(['a', 'b', 'c', 'd']));
  });
});

describe('a failure that is known to have changed nothing', () => {
  test.each([new LedgerUnavailable('not_done'), new LedgerOverloaded(), new LedgerHalted(new Error('a bug'))])(
    'announces nothing: %s',
    async (failure) => {
      expect(await toldOf(Promise.reject(failure), [transfer])).toEqual({ told: [], order: [failure.name] });
    },
  );

  test('announces nothing: a refusal', async () => {
    const refused = { status: 'refused', replayed: false, seq: 5, refusal: { code: 'same_wallet', facts: {} }, entry: null } as Outcome;
    expect(await toldOf(Promise.resolve([refused]), [transfer])).toEqual({ told: [], order: ['answered'] });
  });
});

test('a posting is announced with its position in the log before it is answered, and a replay like the first time', async () => {
  for (const replayed of [false, true]) {
    const outcome = { ...posted(7, side('a'), side('b')), replayed };
    const { told, order } = await toldOf(Promise.resolve([outcome]), [transfer]);
    expect(told).toEqual([
      { id: 'a', seq: 7 },
      { id: 'b', seq: 7 },
    ]);
    expect(order).toEqual(['told', 'answered']);
  }
});

test('system accounts are not announced', async () => {
  const { told } = await toldOf(Promise.resolve([posted(7, side('$cash_in/1', 'cash_in'), side('b'))]), [transfer]);
  expect(told).toEqual([{ id: 'b', seq: 7 }]);
});

test('the ledger announces every posting, single or linked, and the wallets of books that did not answer', async () => {
  const told: ChangedWallet[] = [];
  const fails = { post: () => Promise.reject(new LedgerUnavailable('unknown')) } as unknown as BookWriter;
  const router = new BookRouter([fails, fails], (wallets) => void told.push(...wallets));
  const many = Array.from({ length: 20 }, (_, at): Operation => ({ kind: 'hold', key: `k${at}`, wallet: `w${at}`, amount: 1n }));
  for (const post of [() => router.postEach([transfer]), () => router.postLinked([transfer]), () => router.postEach(many)]) {
    told.length = 0;
    await expect(post()).rejects.toMatchObject({ outcome: 'unknown' });
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ seq }) => seq === unknownSeq)).toBe(true);
  }
  expect(new Set(told.map(({ id }) => id)).size).toBe(many.length);
});
