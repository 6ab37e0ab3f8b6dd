/** This process's connection to a book and its view of it. */
import type { Log } from '../../kernel/index.ts';
import type { ClockReading } from './clock.ts';
import { NewestEntries, inSteps } from './newest.ts';
import { BookState } from './state.ts';
import type { BookStore, Head } from './store.ts';

/** A book, and which wallets belong to it; all of them when `keeps` is absent. */
type Book = { readonly book: number; readonly log: Log; readonly keeps?: (walletId: string) => boolean };

export type Live = { readonly store: BookStore; readonly state: BookState; readonly newest: NewestEntries };

/**
 * The end of the log, and a state that knows only the system accounts. Wallets are looked up when needed. The newest entries are moved to the
 * end of the log, because memory knows none of them.
 */
export async function readBook(
  store: BookStore,
  { book, keeps, log }: Book,
): Promise<Pick<Live, 'state' | 'newest'> & { head: Head; reading: ClockReading }> {
  const { head, nextAccountNumber } = await store.head();
  const move = inSteps((most) => store.moveNewest(most));
  while ((await move()) < head.lastSeq);
  const [definitions, systemAccounts, sharedKeysUntil, reading] = await Promise.all([
    store.definitions(),
    store.systemAccounts(),
    store.sharedKeysUntil(),
    store.clock(),
  ]);
  const state = new BookState(book, definitions.known, head.lastSeq + 1, nextAccountNumber, keeps);
  state.learnDefinitions(definitions);
  state.sharedKeysUntil = sharedKeysUntil;
  for (const account of systemAccounts) state.learnAccount(account);
  return { state, newest: new NewestEntries({ book, log, move }, head.lastSeq), head, reading };
}
