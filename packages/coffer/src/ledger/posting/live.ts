/** This process's connection to a book and its view of it: loaded afresh, or brought up to date with what others wrote. */
import type { ClockReading } from './clock.ts';
import { BookState } from './state.ts';
import type { BookStore, Head } from './store.ts';

/** A book, and which wallets belong to it; all of them when `keeps` is absent. */
type Book = { readonly book: number; readonly keeps?: (walletId: string) => boolean };

export type Live = { readonly store: BookStore; readonly state: BookState };

/** Beyond this many missing entries, starting afresh is cheaper. */
const tailEntriesMax = 5_000;

/** Others wrote more than is worth following entry by entry. */
export class FellBehind extends Error {}

/** The end of the log, and a state that knows only the system accounts. Wallets are looked up when needed. */
export async function readBook(store: BookStore, { book, keeps }: Book): Promise<{ state: BookState; head: Head; reading: ClockReading }> {
  const [{ head, nextAccountNumber }, assets, systemAccounts, undeclared, sharedKeysUntil, reading] = await Promise.all([
    store.head(),
    store.assets(),
    store.systemAccounts(),
    store.undeclared(),
    store.sharedKeysUntil(),
    store.clock(),
  ]);
  const state = new BookState(book, assets, head.lastSeq + 1, nextAccountNumber, keeps);
  state.sharedKeysUntil = sharedKeysUntil;
  for (const account of systemAccounts) state.learnAccount(account);
  state.learnUndeclared(undeclared);
  return { state, head, reading };
}

/** Under the book's lock: advances the state from the known head to the end of the log, and returns that. Throws FellBehind. */
export async function followOthers({ store, state }: Live, known: Head): Promise<Head> {
  const { head, nextAccountNumber } = await store.head();
  if (head.batchNo === known.batchNo) return known;
  if (head.lastSeq - known.lastSeq > tailEntriesMax) throw new FellBehind();
  for (const entry of await store.tail(known.lastSeq, head.lastSeq)) state.follow(entry);
  for (const account of await store.systemAccounts()) state.learnAccount(account);
  if (state.declaresMore) state.learnUndeclared(await store.undeclared());
  state.moveTo(head.lastSeq + 1, nextAccountNumber);
  return head;
}
