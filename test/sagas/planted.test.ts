/** Drivers with a planted bug: the verifier finds the wrong step in a ledger of two books. */
import { expect, it } from 'vitest';
import { creditOf, endOf, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, Outcome, RecordedEntry } from '../../packages/coffer/src/ledger/index.ts';
import { drive } from '../../packages/coffer/src/wallets/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { debitOnly, fund, openBooks, walletIn } from '../support/sagas.ts';

const refusal = { code: 'wallet_frozen', facts: {} } as const;

type Driver = (ledger: Ledger, debit: RecordedEntry, other: RecordedEntry) => Promise<unknown>;

const credit = async (ledger: Ledger, debit: RecordedEntry, change: object = {}): Promise<Outcome> =>
  await ledger.post({ ...creditOf(debit), ...change }, 2);
const end = async (ledger: Ledger, debit: RecordedEntry, decided: RecordedEntry | null, change: object = {}): Promise<Outcome> =>
  await ledger.post({ ...endOf(debit, decided ?? debit), ...change }, 1);

/** The rules that are broken, and the book and the kind of the first entry that breaks ours. */
const planted: readonly [bug: string, found: string | null, driver: Driver][] = [
  ['is right: the verifier does not cry wolf', null, async (ledger, debit) => await drive(ledger, debit)],
  ['stops half way, which is no bug', null, async (ledger, debit) => await credit(ledger, debit)],
  [
    'returns without a refusal on record',
    '1 transfer_return',
    async (ledger, debit) => await end(ledger, debit, null, { kind: 'transfer_return', refusal }),
  ],
  [
    'returns a credited amount',
    '1 transfer_return',
    async (ledger, debit) => await end(ledger, debit, (await credit(ledger, debit)).entry, { kind: 'transfer_return', refusal }),
  ],
  [
    'completes a refused transfer',
    '1 transfer_complete',
    async (ledger, debit) => {
      await ledger.post({ kind: 'freeze', key: 'f', wallet: creditOf(debit).to, sides: 'both', reason: 'r', actor: 'a' });
      const { entry } = await credit(ledger, debit);
      await end(ledger, debit, entry && { ...entry, refusal: null });
    },
  ],
  ['completes without a credit', '1 transfer_complete', async (ledger, debit) => await end(ledger, debit, null)],
  [
    'completes by the credit of another transfer',
    '1 transfer_complete',
    async (ledger, debit, other) => await end(ledger, debit, (await credit(ledger, other)).entry),
  ],
  [
    'ends a transfer twice, under another key',
    '1 transfer_return',
    async (ledger, debit) => {
      const { credit: entry } = await drive(ledger, debit);
      await end(ledger, debit, entry, { kind: 'transfer_return', refusal, key: `\u0001end/again` });
    },
  ],
  ['credits another amount', '2 transfer_credit', async (ledger, debit) => await credit(ledger, debit, { amount: 11n })],
  [
    'credits another recipient',
    '2 transfer_credit',
    async (ledger, debit) => await credit(ledger, debit, { to: walletIn(ledger, 2, 'else-') }),
  ],
  ['credits for another sender', '2 transfer_credit', async (ledger, debit) => await credit(ledger, debit, { from: 'somebody' })],
  [
    'credits an amount that was never sent',
    '2 transfer_credit',
    async (ledger, debit) => await credit(ledger, debit, { transfer: '1-1', key: '\u0001transfer/1-1' }),
  ],
  [
    'takes keys that a client could send',
    '2 transfer_credit',
    async (ledger, debit) => await credit(ledger, debit, { key: creditOf(debit).key.slice(1) }),
  ],
  [
    'credits twice, under another key',
    '2 transfer_credit',
    async (ledger, debit) => [await drive(ledger, debit), await credit(ledger, debit, { key: '\u0001transfer/again' })],
  ],
  [
    'records the refusal of another amount',
    '2 transfer_credit',
    async (ledger, debit) => {
      await ledger.post({ kind: 'freeze', key: 'f', wallet: creditOf(debit).to, sides: 'both', reason: 'r', actor: 'a' });
      await credit(ledger, debit, { amount: 9n });
    },
  ],
];

for (const [bug, found, driver] of planted) {
  it(`a driver that ${bug}`, async () => {
    const database = await createTestDatabase();
    const ledger = await openBooks(database.url, 2);
    const [from, to] = [walletIn(ledger, 1, 'from-'), walletIn(ledger, 2, 'to-')];
    for (const wallet of [from, to, walletIn(ledger, 2, 'else-')]) await fund(ledger, wallet, 100n);
    const [debit, other] = [await debitOnly(ledger, from, to, 10n), await debitOnly(ledger, from, to, 10n)];
    await driver(ledger, debit, other);
    const report = await verify(database.pool);
    const broken = report.invariants.filter(({ ok }) => !ok);
    const at = broken
      .find(({ id }) => id === 'I16')
      ?.first?.at.split('-')
      .map(Number) ?? [0, 0];
    const { rows } = await database.pool.query<{ entry: string }>(
      `select book || ' ' || kind as entry from ledger.entry where book = $1 and seq = $2`,
      at,
    );
    expect({ rules: broken.map(({ id }) => id), entry: rows[0]?.entry ?? null }).toEqual({
      rules: found === null ? [] : ['I16'],
      entry: found,
    });
    await ledger.stop();
    await database.drop();
  });
}
