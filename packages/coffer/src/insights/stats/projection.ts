/** Per-wallet stats as a projection of the event log: events are added up per wallet in memory, and the sums in one statement. */
import type pg from 'pg';
import { int8Column, numericColumn, textColumn, timestamptzColumn } from '../../database/index.ts';
import { assert } from '../../kernel/index.ts';
import { isSystemAccountId } from '../../ledger/index.ts';
import type { LedgerEvent } from '../../ledger/index.ts';
import type { Projection } from '../../projections/index.ts';
import { amountColumns, amountNames } from './columns.ts';
import type { AmountName } from './columns.ts';

export const statsName = 'stats';

/** What an event says about the wallet that it is about. `amount`: what moved, and where it is counted, or taken back. */
type Meaning = { readonly amount?: AmountName; readonly isActivity: boolean; readonly takesBack?: true };

const meanings: Readonly<Record<string, Meaning>> = {
  FundsDeposited: { amount: 'deposited', isActivity: true },
  FundsToppedUp: { amount: 'toppedUp', isActivity: true },
  FundsIssued: { amount: 'issued', isActivity: true },
  FundsWithdrawn: { amount: 'withdrawn', isActivity: true },
  FundsSpent: { amount: 'spent', isActivity: true },
  TransferDebited: { amount: 'transferredOut', isActivity: true },
  TransferCredited: { amount: 'transferredIn', isActivity: true },
  // What came back has not been transferred.
  TransferCompensated: { amount: 'transferredOut', isActivity: true, takesBack: true },
  HoldAuthorized: { isActivity: true },
  HoldCaptured: { amount: 'capturedOut', isActivity: true },
  CaptureCredited: { amount: 'capturedIn', isActivity: true },
  HoldReleased: { isActivity: true },
  ReversalDebited: { amount: 'reversedOut', isActivity: true },
  ReversalCredited: { amount: 'reversedIn', isActivity: true },
  // What operators and the clock did is no activity of the wallet's.
  HoldExpired: { isActivity: false },
  WalletFrozen: { isActivity: false },
  WalletUnfrozen: { isActivity: false },
  WalletLimitsChanged: { isActivity: false },
  CreditLineChanged: { isActivity: false },
  // Without an amount when there was nothing to sweep.
  WalletClosed: { amount: 'sweptOut', isActivity: false },
  SweepCredited: { amount: 'sweptIn', isActivity: false },
};

type Sums = {
  readonly wallet: string;
  readonly amounts: Map<AmountName, bigint>;
  postings: number;
  version: number;
  lastActivityAt: Date | null;
  lastSeq: number;
};

const columns = [...amountNames.map((name) => amountColumns[name]), 'postings'];

const addText = `
  insert into insights.wallet_stats as kept (generation, book, wallet, ${columns.join(', ')}, version, last_activity_at, last_seq)
  select $1, $2, s.wallet, ${columns.map((column) => `coalesce(s.${column}, 0)`).join(', ')}, s.version, s.last_activity_at, s.last_seq
  from unnest($3::text[], ${columns.map((_, at) => `$${at + 4}::numeric[]`).join(', ')},
    $${columns.length + 4}::bigint[], $${columns.length + 5}::timestamptz[], $${columns.length + 6}::bigint[])
    as s (wallet, ${columns.join(', ')}, version, last_activity_at, last_seq)
  on conflict (generation, book, wallet) do update set
    ${columns.map((column) => `${column} = kept.${column} + excluded.${column}`).join(', ')},
    version = greatest(kept.version, excluded.version),
    last_activity_at = greatest(kept.last_activity_at, excluded.last_activity_at),
    last_seq = greatest(kept.last_seq, excluded.last_seq)`;

const rowsPerPart = 10_000;

export const statsProjection: Projection = {
  name: statsName,
  tables: ['insights.wallet_stats'],
  apply: async (client, events, generation) => {
    const sums = [...addUp(events).values()];
    const book = events[0]?.book;
    if (book === undefined || sums.length === 0) return;
    await client.query({
      name: 'add_wallet_stats',
      text: addText,
      values: [
        generation,
        book,
        textColumn(sums, ({ wallet }) => wallet),
        ...amountNames.map((name) => numericColumn(sums, ({ amounts }) => amounts.get(name) ?? null)),
        numericColumn(sums, ({ postings }) => BigInt(postings)),
        int8Column(sums, ({ version }) => version),
        timestamptzColumn(sums, ({ lastActivityAt }) => lastActivityAt),
        int8Column(sums, ({ lastSeq }) => lastSeq),
      ],
    });
  },
  forget: async (client: pg.ClientBase, generation: number) => {
    const { rowCount } = await client.query(
      `delete from insights.wallet_stats s using (
         select book, wallet from insights.wallet_stats where generation = $1 order by book, wallet limit ${rowsPerPart}
       ) part
       where s.generation = $1 and s.book = part.book and s.wallet = part.wallet`,
      [generation],
    );
    return (rowCount ?? 0) > 0;
  },
};

/** In the order of the wallets' ids, so that two that write at once never wait for each other in a circle. */
function addUp(events: readonly LedgerEvent[]): Map<string, Sums> {
  const byWallet = new Map<string, Sums>();
  for (const { id, type, wallet, seq, recordedAt, data } of events) {
    const meaning = meanings[type];
    if (!meaning || isSystemAccountId(wallet)) continue;
    const { version, amount } = data;
    assert(typeof version === 'number', `event ${id} says which version its wallet has after it`);
    const sums: Sums = byWallet.get(wallet) ?? { wallet, amounts: new Map(), postings: 0, version: 0, lastActivityAt: null, lastSeq: 0 };
    byWallet.set(wallet, sums);
    sums.version = Math.max(sums.version, version);
    if (meaning.amount !== undefined && amount !== undefined) {
      assert(typeof amount === 'string', `event ${id} says its amount in digits`);
      const before = sums.amounts.get(meaning.amount) ?? 0n;
      sums.amounts.set(meaning.amount, meaning.takesBack ? before - BigInt(amount) : before + BigInt(amount));
      sums.postings++;
    }
    if (!meaning.isActivity) continue;
    sums.lastActivityAt = recordedAt;
    sums.lastSeq = seq;
  }
  return new Map([...byWallet].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
