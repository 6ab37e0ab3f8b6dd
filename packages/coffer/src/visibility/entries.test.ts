import { expect, test } from 'vitest';
import { internalKey } from '../ledger/index.ts';
import type { LedgerEvent, PostedSide, RecordedEntry } from '../ledger/index.ts';
import { entryColumns } from '../ledger/columns.ts';
import type { PlainField } from '../ledger/columns.ts';
import { visibleEntry, visibleEvent } from './index.ts';

const side = (id: string, number: number, kind: PostedSide['kind'] = 'wallet'): PostedSide => ({
  id,
  number,
  kind,
  balance: 70n,
  held: 5n,
  floor: 0n,
  previous: null,
  version: 3,
});
const alice = side('alice.USD', 1);
const bob = side('bob.USD', 2);
/** Every column is empty but those of a plain transfer. */
const blank = Object.fromEntries(entryColumns.flatMap((column) => ('field' in column ? [[column.field, null]] : []))) as Record<
  string,
  null
> as Record<Exclude<PlainField, 'operation' | 'kind' | 'digest'>, null>;
const entry = (more: Partial<RecordedEntry> = {}): RecordedEntry => ({
  ...blank,
  book: 1,
  seq: 9,
  operation: 9,
  kind: 'transfer',
  recordedAt: new Date(0),
  debit: alice,
  credit: bob,
  asset: 3,
  amount: 30n,
  debitFloor: 0n,
  scope: alice.number,
  key: 'order-77',
  digest: '',
  refusal: null,
  actor: 'user:alice',
  ...more,
});
const staff = {};
const [toAlice, toBob] = [{ onlyOwner: 'alice' }, { onlyOwner: 'bob' }];
const hidden = { balance: null, held: null, version: null };

test('staff see both wallets and the key; each user sees one wallet, and only the payer sees the key', () => {
  expect(visibleEntry(entry(), staff)).toMatchObject({ key: 'order-77', debit: { balance: 70n }, credit: { balance: 70n } });
  expect(visibleEntry(entry(), toAlice)).toMatchObject({ key: 'order-77', debit: { balance: 70n }, credit: { id: 'bob.USD', ...hidden } });
  expect(visibleEntry(entry(), toBob)).toMatchObject({ key: null, debit: { id: 'alice.USD', ...hidden }, credit: { balance: 70n } });
});

test('from the receiving wallet, an entry has no key for any reader', () => {
  expect(visibleEntry(entry(), staff, bob.number).key).toBeNull();
  expect(visibleEntry(entry(), staff, alice.number).key).toBe('order-77');
});

test('an internal key is hidden from every reader', () => {
  const own = entry({ key: internalKey('fraud', '1-1-1', 'velocity') });
  for (const reader of [staff, toAlice]) expect(visibleEntry(own, reader).key).toBeNull();
  const event = { type: 'WalletFrozen', data: { key: own.key, actor: 'fraud rule velocity' } } as unknown as LedgerEvent;
  expect(visibleEvent(event, staff).data).toEqual({ actor: 'fraud rule velocity' });
  expect(visibleEvent(event, toAlice).data).toEqual({});
});

test("a system account's balance is hidden from every reader", () => {
  for (const reader of [staff, toAlice])
    expect(visibleEntry(entry({ credit: side('$cash_out/3', 4, 'cash_out') }), reader).credit).toEqual({
      id: '$cash_out/3',
      kind: 'cash_out',
      ...hidden,
    });
});

test('what is left of a hold is visible to the payer, not to the recipient of a capture', () => {
  const capture = entry({ kind: 'capture', hold: 4, holdLeft: 10n });
  expect(visibleEntry(capture, toAlice).hold).toMatchObject({ seq: 4, left: 10n });
  expect(visibleEntry(capture, toBob).hold).toBeNull();
  expect(visibleEntry(capture, staff, bob.number).hold).toBeNull();
});

test('users see the reason of a control, staff also see the actor', () => {
  const freeze = entry({
    kind: 'freeze',
    actor: null,
    credit: null,
    controls: '{}',
    details: '{"reason":"chargeback","actor":"operator:eve"}',
  });
  expect(visibleEntry(freeze, toAlice)).toMatchObject({ reason: 'chargeback', actor: null });
  // Before chain format 3, only its details named the actor.
  expect(visibleEntry(freeze, staff)).toMatchObject({ reason: 'chargeback', actor: 'operator:eve' });
});

test('an event that another account caused shows its owner neither key nor hold', () => {
  const data = { key: 'k', hold: '1-4', left: '10', expiresAt: 'x', actor: 'a', amount: '30' };
  const event = { type: 'CaptureCredited', data } as unknown as LedgerEvent;
  expect(visibleEvent(event, toBob).data).toEqual({ amount: '30' });
  expect(visibleEvent(event, staff)).toBe(event);
});

test('staff see who asked for a posting and who approved it, users do not', () => {
  const posted = entry({ actor: 'key:shop', approver: 'operator:eve' });
  expect(visibleEntry(posted, staff)).toMatchObject({ actor: 'key:shop', approver: 'operator:eve' });
  expect(visibleEntry(posted, toAlice)).toMatchObject({ actor: null, approver: null });
});
