import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { isOutage } from './outages.ts';
import { inTransaction, inTransactionOn, TransactionLost } from './transaction.ts';

type Answer = Error | { command: string };

/** A pool of one connection with given answers, which records its queries and how it was released. */
function fakePool(answers: Readonly<Record<string, Answer>> = {}) {
  const asked: string[] = [];
  const released: boolean[] = [];
  const client = {
    query: (text: string) => {
      asked.push(text);
      const answer = answers[text] ?? { command: text.toUpperCase() };
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    release: (isBroken: boolean) => void released.push(isBroken),
  };
  const pool = { connect: () => Promise.resolve(client) } as unknown as pg.Pool;
  return { pool, client: client as unknown as pg.Client, asked, released };
}

function serverError(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('the server says no', 0, 'error'), { code });
}

const broken = new Error('Connection terminated unexpectedly');
const failureOf = (promise: Promise<unknown>) => promise.catch((failure: unknown) => failure);

describe('a transaction', () => {
  test('is committed when the work returns, and its connection released', async () => {
    const { pool, asked, released } = fakePool();
    expect(await inTransaction(pool, async (client) => (await client.query('select')).command)).toBe('SELECT');
    expect(asked).toEqual(['begin', 'select', 'commit']);
    expect(released).toEqual([false]);
  });

  test('begins with its settings', async () => {
    const { pool, asked } = fakePool();
    await inTransaction(pool, () => Promise.resolve(), { settings: 'set local lock_timeout = 1' });
    expect(asked[0]).toBe('begin; set local lock_timeout = 1');
  });

  test('is rolled back when the work throws, and rethrows the error', async () => {
    const { pool, asked, released } = fakePool();
    const bug = new Error('a bug');
    expect(await failureOf(inTransaction(pool, () => Promise.reject(bug)))).toBe(bug);
    expect(asked).toEqual(['begin', 'rollback']);
    expect(released).toEqual([false]);
  });

  test('that cannot be rolled back has no effect, and its connection is closed', async () => {
    const { pool, released } = fakePool({ rollback: broken });
    const bug = new Error('a bug');
    const failure = await failureOf(inTransaction(pool, () => Promise.reject(bug)));
    expect(failure).toBeInstanceOf(TransactionLost);
    expect(failure).toMatchObject({ outcome: 'not_done', cause: bug });
    expect(isOutage(failure)).toBe(true);
    expect(released).toEqual([true]);
  });

  test('that cannot begin closes its connection', async () => {
    const { pool, released } = fakePool({ begin: broken });
    expect(await failureOf(inTransaction(pool, () => Promise.resolve()))).toBe(broken);
    expect(released).toEqual([true]);
  });

  test.each([broken, serverError('57P01'), serverError('08006')])(
    'whose commit got no answer (%s) is unknown, not failed',
    async (lost) => {
      const { pool, released } = fakePool({ commit: lost });
      const failure = await failureOf(inTransaction(pool, () => Promise.resolve()));
      expect(failure).toMatchObject({ name: 'TransactionLost', outcome: 'unknown', cause: lost });
      expect(isOutage(failure)).toBe(true);
      expect(released).toEqual([true]);
    },
  );

  test('whose commit the server refuses has failed, and its connection is reused', async () => {
    const refused = serverError('23505');
    const { pool, released } = fakePool({ commit: refused });
    expect(await failureOf(inTransaction(pool, () => Promise.resolve()))).toBe(refused);
    expect(released).toEqual([false]);
  });

  test('with an ignored failed statement is not reported as committed', async () => {
    const { pool } = fakePool({ commit: { command: 'ROLLBACK' } });
    await expect(inTransaction(pool, () => Promise.resolve())).rejects.toThrow('its failure was ignored');
  });

  test('on a caller’s own connection ends the same ways', async () => {
    const { client, asked } = fakePool();
    expect(await inTransactionOn(client, () => Promise.resolve('done'))).toBe('done');
    const bug = new Error('a bug');
    expect(await failureOf(inTransactionOn(client, () => Promise.reject(bug)))).toBe(bug);
    expect(asked).toEqual(['begin', 'commit', 'begin', 'rollback']);
  });
});
