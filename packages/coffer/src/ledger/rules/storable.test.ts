import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../../test/support/database.ts';
import { silentLog } from '../../kernel/index.ts';
import { openLedger } from '../ledger.ts';
import type { Ledger } from '../ledger.ts';
import type { Operation, TransferOperation } from './types.ts';

let database: TestDatabase;
let ledger: Ledger;
beforeAll(async () => {
  database = await createTestDatabase();
  ledger = await openLedger({ url: database.url, log: silentLog() });
});
afterAll(async () => {
  await ledger.stop();
  await database.drop();
});

const opens = { owner: null, asset: 1, floor: 0n };
const deposit: TransferOperation = { kind: 'deposit', key: 'k', debit: { system: 'cash_in' }, credit: { wallet: 'w', opens }, amount: 1n };

describe('text that PostgreSQL cannot store never reaches a batch, where it would stop the whole book', () => {
  const unstorable: [what: string, operation: Operation][] = [
    ['a key with NUL', { ...deposit, key: 'a\0b' }],
    ['a key with a lone surrogate', { ...deposit, key: 'a\ud800' }],
    ['a key too long for the index', { ...deposit, key: 'k'.repeat(10_000) }],
    ['an empty key', { ...deposit, key: '' }],
    ['a wallet id with NUL', { ...deposit, credit: { wallet: 'w\0', opens } }],
    ['a wallet id of 129 bytes', { ...deposit, credit: { wallet: 'ä'.repeat(65), opens } }],
    ['an empty wallet id', { ...deposit, credit: { wallet: '', opens } }],
    ['a wallet that calls itself a system account', { ...deposit, credit: { wallet: '$cash_in/1', opens } }],
    ['a floor of 39 digits', { kind: 'open', key: 'k', wallet: 'w', opens: { ...opens, floor: -(10n ** 38n) } }],
    ['an owner with NUL', { kind: 'open', key: 'k', wallet: 'w', opens: { ...opens, owner: '\0' } }],
    ['metadata that is not JSON', { ...deposit, metadata: '{' }],
    ['metadata with an escaped NUL', { ...deposit, metadata: String.raw`{"a":"\u0000"}` }],
    ['metadata with an escaped lone surrogate', { ...deposit, metadata: String.raw`["\ud800"]` }],
    ['metadata with a number out of range', { ...deposit, metadata: '[1e999999]' }],
    ['metadata nested too deeply', { ...deposit, metadata: '['.repeat(10_000) + ']'.repeat(10_000) }],
  ];
  for (const [what, operation] of unstorable) {
    it(`${what} affects only its own caller`, async () => {
      const neighbour = ledger.post({ ...deposit, key: `beside ${what}` });
      await expect(ledger.post(operation)).rejects.toThrow();
      expect((await neighbour).status).toBe('posted');
      expect((await ledger.post({ ...deposit, key: `after ${what}` })).status).toBe('posted');
    });
  }

  it('everything else is stored: the longest, the deepest and the strangest', async () => {
    const metadata = JSON.stringify({ 'ключ \u202e': ['😀', 1e300, null, { deep: [[[[[[]]]]]] }], empty: '' });
    const outcome = await ledger.post({ ...deposit, key: '😀'.repeat(256), credit: { wallet: 'ä'.repeat(64), opens }, metadata });
    expect(outcome).toMatchObject({ status: 'posted', entry: { metadata } });
    const events = (await ledger.read.events(`${outcome.seq - 1}-9`, 10)).events;
    expect(events.map(({ data }) => data['metadata'])).toEqual([JSON.parse(metadata)]);
  });
});
