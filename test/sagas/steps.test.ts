/** Transfers by saga in ledgers of one and three books: each ends exactly once, as the recipient's book decided. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { creditOf, endOf, operationId } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import type { Commands } from '../../packages/coffer/src/operations/index.ts';
import { drive } from '../../packages/coffer/src/wallets/index.ts';
import type { WalletQueries } from '../../packages/coffer/src/wallets/index.ts';
import { itemsOf } from '../support/batch.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import {
  balanceOf,
  debitOnly,
  dollars,
  expectWhole,
  fund,
  gold,
  moneyIn,
  openBooks,
  posted,
  told,
  underWay,
  walletIn,
  walletsOn,
} from '../support/sagas.ts';

for (const books of [1, 3]) {
  describe(`a transfer by saga in a ledger of ${books} ${books === 1 ? 'book' : 'books'}`, () => {
    let database: TestDatabase;
    let ledger: Ledger;
    let commands: Commands;
    let queries: WalletQueries;
    let last = 0;
    beforeAll(async () => {
      database = await createTestDatabase();
      ledger = await openBooks(database.url, books);
      ({ commands, queries } = walletsOn(ledger));
    });
    afterAll(async () => {
      await expectWhole(database);
      expect(await moneyIn(database.pool)).toMatchObject({ total: 0n, inTransit: 0n });
      await ledger.stop();
      await database.drop();
    });

    /** Two wallets of different books, where there are several, the first with 100. */
    async function pair({ recipient = true } = {}): Promise<{ from: string; to: string }> {
      last++;
      const from = walletIn(ledger, 1, `from-${last}-`);
      const to = walletIn(ledger, books, `to-${last}-`);
      await fund(ledger, from, 100n);
      if (recipient) await fund(ledger, to, 1n);
      return { from, to };
    }
    const freeze = (wallet: string) => ({ wallet, sides: 'both', reason: 'a test', actor: 'operator:test' }) as const;

    it('moves the money, and answers with the current state of both wallets', async () => {
      const { from, to } = await pair();
      const asked = { from, to, amount: 40n, key: 'one', mode: 'saga', metadata: '{"order":1}' } as const;
      const outcome = await commands.transfer(asked);
      expect(outcome).toMatchObject({
        status: 'posted',
        replayed: false,
        entry: { kind: 'transfer_debit', debit: { id: from, balance: 60n, version: 2 } },
        saga: { status: 'completed', credit: { kind: 'transfer_credit', metadata: '{"order":1}', credit: { id: to, balance: 41n } } },
      });
      const again = await commands.transfer(asked);
      expect(told(again)).toEqual({ ...told(outcome), replayed: true });
      // The end step does not change the sender.
      expect(await ledger.read.balance(from)).toMatchObject({ balance: 60n, version: 2 });
    });

    it('differs in content from an immediate transfer under the same key', async () => {
      const { from, to } = await pair();
      await commands.transfer({ from, to, amount: 1n, key: 'same', mode: 'saga' });
      const other = await commands.transfer({ from, to, amount: 1n, key: 'same', mode: 'atomic' });
      expect(other).toMatchObject({ status: 'refused', refusal: { code: 'idempotency_key_reused' } });
    });

    it('defaults to immediate within a book and to steps between two', async () => {
      const { from, to } = await pair();
      const outcome = await commands.transfer({ from, to, amount: 1n, key: 'plain' });
      expect(outcome.entry?.kind).toBe(books === 1 ? 'transfer' : 'transfer_debit');
      const atomic = await commands.transfer({ from, to, amount: 1n, key: 'atomic', mode: 'atomic' });
      expect(atomic).toMatchObject(books === 1 ? { status: 'posted' } : { status: 'refused', refusal: { code: 'other_book' } });
    });

    it('is refused before it begins for every refusal on the sender’s side', async () => {
      const { from, to } = await pair();
      const code = async (more: object) => {
        const outcome = await commands.transfer({ from, to, amount: 10n, mode: 'saga', ...more });
        return outcome.status === 'refused' ? outcome.refusal.code : outcome.status;
      };
      expect(await code({ amount: 1_000n })).toBe('insufficient_funds');
      expect(await code({ expectedVersion: 9 })).toBe('version_stale');
      expect(await code({ minimumBalance: 95n })).toBe('balance_below_minimum');
      expect(await code({ asset: 'GOLD' })).toBe('asset_mismatch');
      expect(await code({ to: from })).toBe('same_wallet');
      expect(await code({ onlyOwner: 'somebody else' })).toBe('wallet_not_found');
      await commands.setLimits({ ...freeze(from), limits: { perTransfer: 5n, perDay: null, perMonth: null } });
      expect(await code({})).toBe('limit_exceeded');
      expect(await code({ amount: 500n, upTo: true })).toBe('limit_exceeded');
      await commands.freeze(freeze(from));
      expect(await code({ amount: 1n })).toBe('wallet_frozen');
      expect(await balanceOf(ledger, from)).toBe(100n);
    });

    const hindrances: [string, string, (wallet: string) => Promise<unknown>][] = [
      ['missing', 'recipient_not_found', async () => undefined],
      ['frozen', 'wallet_frozen', async (wallet) => [await fund(ledger, wallet, 1n), await commands.freeze(freeze(wallet))]],
      [
        'closed',
        'wallet_closed',
        async (wallet) => [await fund(ledger, wallet, 1n), await commands.close({ ...freeze(wallet), sweepTo: { system: 'cash_out' } })],
      ],
      ['of another asset', 'asset_mismatch', async (wallet) => await fund(ledger, wallet, 1n, gold)],
      ['full', 'balance_limit', async (wallet) => await fund(ledger, wallet, 10n ** 38n - 1n)],
    ];
    for (const [what, code, hinder] of hindrances) {
      it(`is compensated when the recipient is ${what}, and a retry moves nothing, whatever the recipient's state then`, async () => {
        const { from, to } = await pair({ recipient: false });
        const debit = await debitOnly(ledger, from, to, 30n);
        await hinder(to);
        const asked = { from, to, amount: 30n, key: debit.key ?? '', mode: 'saga' } as const;
        const outcome = await commands.transfer(asked);
        expect(outcome).toMatchObject({
          status: 'refused',
          replayed: true,
          refusal: { code },
          entry: { kind: 'transfer_debit', seq: debit.seq },
          saga: { status: 'compensated', credit: { refusal: { code } }, end: { kind: 'transfer_return', credit: { balance: 100n } } },
        });
        // From here on the recipient could be credited.
        if (what === 'missing') await fund(ledger, to, 1n);
        if (what === 'frozen') await commands.unfreeze(freeze(to));
        const before = [await balanceOf(ledger, from), await balanceOf(ledger, to)];
        expect(told(await commands.transfer(asked))).toEqual(told(outcome));
        const late = await ledger.post(creditOf(debit), books);
        expect(late).toMatchObject({ status: 'refused', replayed: true, refusal: { code } });
        expect([await balanceOf(ledger, from), await balanceOf(ledger, to)]).toEqual(before);
        expect(before[0]).toBe(100n);
      });
    }

    it('returns to a sender that has since been frozen or closed, and a closed wallet can be swept again', async () => {
      const { from, to } = await pair({ recipient: false });
      const debit = await debitOnly(ledger, from, to, 100n);
      await commands.freeze(freeze(from));
      expect((await commands.close(freeze(from))).status).toBe('posted');
      expect(await drive(ledger, debit)).toMatchObject({ status: 'compensated' });
      expect(await ledger.read.balance(from)).toMatchObject({ balance: 100n, controls: { debits: 'closed', credits: 'closed' } });
      expect(await commands.close(freeze(from))).toMatchObject({ status: 'refused', refusal: { code: 'nothing_to_change' } });
      const swept = await commands.close({ ...freeze(from), sweepTo: { system: 'cash_out' } });
      expect(swept).toMatchObject({ status: 'posted', entry: { amount: 100n } });
      const empty = await commands.close({ ...freeze(from), sweepTo: { system: 'cash_out' } });
      expect(empty).toMatchObject({ refusal: { code: 'nothing_to_change' } });
    });

    it('returns more than 38 digits rather than not at all', async () => {
      const { from, to } = await pair({ recipient: false });
      const debit = await debitOnly(ledger, from, to, 50n);
      const most = 10n ** 38n - 1n - 50n;
      await ledger.post({ kind: 'deposit', key: 'most', debit: { system: 'cash_in' }, credit: { wallet: from }, amount: most });
      expect(await drive(ledger, debit)).toMatchObject({ status: 'compensated', end: { credit: { balance: most + 100n } } });
      expect((await commands.withdraw({ wallet: from, amount: most })).status).toBe('posted');
    });

    it('does not restore limits when it returns', async () => {
      const { from, to } = await pair({ recipient: false });
      await commands.setLimits({ ...freeze(from), limits: { perTransfer: null, perDay: 50n, perMonth: null } });
      await drive(ledger, await debitOnly(ledger, from, to, 40n));
      expect(await ledger.read.balance(from)).toMatchObject({ balance: 100n, used: { day: 40n } });
      expect(await commands.withdraw({ wallet: from, amount: 11n })).toMatchObject({ refusal: { code: 'limit_exceeded' } });
    });

    it('has each step once under concurrent drivers', async () => {
      const { from, to } = await pair();
      const other = await openBooks(database.url, books);
      const debits = await Promise.all(Array.from({ length: 10 }, () => debitOnly(ledger, from, to, 3n)));
      const drivers = debits.flatMap((debit) => [ledger, other, ledger, other].map(async (one) => await drive(one, debit)));
      const ends = await Promise.all(drivers);
      expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['completed']));
      for (const [at, debit] of debits.entries()) {
        const same = ends.slice(at * 4, at * 4 + 4);
        expect(new Set(same.map(({ credit, end }) => `${credit?.seq} ${end?.seq}`)).size).toBe(1);
        expect(await queries.transfer(operationId(debit))).toMatchObject({ saga: { status: 'completed' } });
      }
      await other.stop();
      expect([await balanceOf(ledger, from), await balanceOf(ledger, to)]).toEqual([70n, 31n]);
    });

    it('either completes or fails, never both', async () => {
      const { from, to } = await pair();
      const debit = await debitOnly(ledger, from, to, 5n);
      const { credit } = await drive(ledger, debit);
      const refusal = { code: 'wallet_frozen', facts: {} } as const;
      const wrong = { ...endOf(debit, credit ?? debit), kind: 'transfer_return', refusal } as const;
      expect(await ledger.post(wrong, 1)).toMatchObject({ status: 'refused', entry: null, refusal: { code: 'idempotency_key_reused' } });
      expect(await balanceOf(ledger, from)).toBe(95n);
    });

    it('cannot be reversed step by step', async () => {
      const { from, to } = await pair();
      const outcome = await commands.transfer({ from, to, amount: 5n, mode: 'saga' });
      const operation = operationId(posted(outcome));
      const reversal = await commands.reverse({ operation, reason: 'a test', actor: 'operator:test' });
      expect(reversal).toMatchObject({ status: 'refused', refusal: { code: 'not_reversible', facts: { kind: 'transfer_debit' } } });
    });

    it('keeps its effective date, so that a compensated one nets to zero by effective date', async () => {
      const { from, to } = await pair({ recipient: false });
      const wallet = await queries.wallet(from);
      assert(wallet, 'the sender has a wallet');
      // The recipient is not open, which bounds it: an effective date may be a little ahead.
      const effectiveAt = new Date(Date.now() + 30_000);
      expect(await commands.transfer({ from, to, amount: 5n, mode: 'saga', effectiveAt })).toMatchObject({
        refusal: { code: 'recipient_not_found' },
      });
      const { balance } = wallet;
      expect(await queries.balanceAt(wallet, effectiveAt, 'effective')).toMatchObject({ balance });
    });

    it('is accepted in a batch, and refused in an all-or-nothing group', async () => {
      const { from, to } = await pair();
      const item = { type: 'transfer', from, to, amount: 2n } as const;
      const each = await commands.batch(
        itemsOf({ ...item, mode: 'saga' }, { type: 'deposit', wallet: from, amount: 1n }, { ...item, to: 'nobody', mode: 'saga' }),
        { atomic: false },
      );
      expect(each).toMatchObject([
        { status: 'posted', saga: { status: 'completed' } },
        { status: 'posted', entry: { kind: 'deposit' } },
        { status: 'refused', refusal: { code: 'recipient_not_found' }, saga: { status: 'compensated' } },
      ]);
      const group = await commands.batch(itemsOf({ ...item, mode: 'saga' }, { type: 'deposit', wallet: from, amount: 1n }), {
        atomic: true,
      });
      expect(group).toMatchObject([{ refusal: { code: 'saga_not_linkable' } }, { refusal: { code: 'linked_operation_refused' } }]);
      const linked = await commands.batch(itemsOf(item), { atomic: true });
      expect(linked).toMatchObject([books === 1 ? { status: 'posted' } : { refusal: { code: 'other_book' } }]);
    });

    it('counts as transferred out and in, unless it was compensated', async () => {
      const { from, to } = await pair();
      await commands.transfer({ from, to, amount: 7n, mode: 'saga' });
      await commands.transfer({ from, to: `${to}-nobody`, amount: 9n, mode: 'saga' });
      expect(await queries.stats(from)).toMatchObject({ transferredOut: 7n, transferredIn: 0n });
      expect(await queries.stats(to)).toMatchObject({ transferredIn: 7n, transferredOut: 0n });
    });

    it('leaves no unfinished transfer', async () => {
      expect(await underWay(database.pool)).toBe(0);
      expect(dollars).toBe(3);
    });
  });
}
