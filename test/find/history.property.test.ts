// A wallet's history by time and kind is the part of its whole history that the filter names, in both orders.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import type { RecordedEntry } from '../../packages/coffer/src/ledger/index.ts';
import { WalletQueries } from '../../packages/coffer/src/wallets/index.ts';
import type { HistoryFilter } from '../../packages/coffer/src/wallets/index.ts';
import { startFoundLog, wallets } from '../support/find.ts';
import type { FoundLog } from '../support/find.ts';
import { seedOf } from '../support/seed.ts';

let log: FoundLog;
let queries: WalletQueries;
beforeAll(async () => {
  log = await startFoundLog(seedOf('histories'), 2);
  await log.post(600);
  queries = new WalletQueries(log.ledger, log.ledger.assets.get(1));
});
afterAll(() => log.stop());

async function everyLine(id: string, limit: number, filter: HistoryFilter): Promise<readonly RecordedEntry[]> {
  const wallet = await queries.wallet(id);
  assert(wallet, 'the wallet exists');
  const lines: RecordedEntry[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await queries.history(wallet, limit, cursor, filter);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    lines.push(...page.items);
    cursor = page.next;
  }
  return lines;
}

test('filters name a part of the whole history, and both orders have the same lines', async () => {
  const kinds = fc.constantFrom(undefined, 'deposit', 'transfer', 'hold', 'expire', 'nothing');
  const moments = fc.option(fc.nat(), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...wallets),
      kinds,
      moments,
      moments,
      fc.integer({ min: 1, max: 40 }),
      async (id, kind, from, to, limit) => {
        const whole = await everyLine(id, 500, {});
        const timeOf = (at: number | undefined) => (at === undefined ? undefined : whole[at % Math.max(1, whole.length)]?.recordedAt);
        const [since, until] = [timeOf(from), timeOf(to)];
        const meant = whole.filter(
          ({ kind: is, recordedAt }) =>
            (kind === undefined ||
              is === kind ||
              (kind === 'transfer' && is.startsWith('transfer_') && is !== 'transfer_complete' && is !== 'transfer_return')) &&
            (since === undefined || recordedAt >= since) &&
            (until === undefined || recordedAt < until),
        );
        const seqs = (lines: readonly RecordedEntry[]) => lines.map(({ seq }) => seq);
        expect(seqs(await everyLine(id, limit, { since, until, kind }))).toEqual(seqs(meant));
        expect(seqs(await everyLine(id, limit, { since, until, kind, order: 'asc' }))).toEqual(seqs(meant).toReversed());
      },
    ),
    { numRuns: 40 },
  );
}, 300_000);
