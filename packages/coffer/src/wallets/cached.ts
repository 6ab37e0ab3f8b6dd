/** Cached reads of wallets: balances, and the newest pages of histories. */
import type { Cache, Reading } from '../cache/index.ts';
import type { Balance, Ledger, RecordedEntry } from '../ledger/index.ts';

const oneRow = () => 1;

/** One for all callers: visibility is applied afterwards. */
export function cachedBalance(cache: Cache, ledger: Ledger, id: string): Promise<Balance | null> | Balance | null {
  return cache.read({
    kind: 'wallet',
    name: id,
    atLeast: 0,
    read: async () => markedBalance(await ledger.read.balance(id)),
    weigh: oneRow,
  });
}

/** Usage against limits also depends on the clock: at midnight it changes without an entry. */
function markedBalance(balance: Balance | null): Reading<Balance> | null {
  if (!balance) return null;
  const isKept = balance.kind === 'wallet' && balance.used === null && balance.controls.limits === null;
  return { value: balance, mark: isKept ? balance.asOfSeq : null };
}

/** The newest page is marked with the wallet's version, so it needs no invalidation: a page of an earlier version is ignored. */
export async function cachedHistory(
  cache: Cache,
  ledger: Ledger,
  { id, book, number, version }: Pick<Balance, 'id' | 'book' | 'number' | 'version'>,
  rows: number,
): Promise<readonly RecordedEntry[]> {
  const read = async (): Promise<Reading<readonly RecordedEntry[]>> => {
    const entries = await ledger.read.in({ book }).history(number, Number.MAX_SAFE_INTEGER, rows);
    const newest = entries[0];
    const side = newest?.debit?.number === number ? newest.debit : newest?.credit;
    return { value: entries, mark: side?.version ?? 0 };
  };
  const name = `${id} ${rows}`;
  return (await cache.read({ kind: 'history', name, atLeast: version, read, weigh: (entries) => entries.length + 1 })) ?? [];
}
