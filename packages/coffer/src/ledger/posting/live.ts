/** This process's connection to a book and its view of it. */
import type { ClockReading } from './clock.ts';
import { BookState } from './state.ts';
import type { BookStore, Head } from './store.ts';

/** A book, and which wallets belong to it; all of them when `keeps` is absent. */
type Book = { readonly book: number; readonly keeps?: (walletId: string) => boolean };

export type Live = { readonly store: BookStore; readonly state: BookState };

/** The end of the log, and a state that knows only the system accounts. Wallets are looked up when needed. */
export async function readBook(store: BookStore, { book, keeps }: Book): Promise<{ state: BookState; head: Head; reading: ClockReading }> {
  const [{ head, nextAccountNumber }, assets, systemAccounts, sharedKeysUntil, reading] = await Promise.all([
    store.head(),
    store.assets(),
    store.systemAccounts(),
    store.sharedKeysUntil(),
    store.clock(),
  ]);
  const state = new BookState(book, assets.known, head.lastSeq + 1, nextAccountNumber, keeps);
  state.learnAssets(assets);
  state.sharedKeysUntil = sharedKeysUntil;
  for (const account of systemAccounts) state.learnAccount(account);
  return { state, head, reading };
}
