/** A book as this process knows it through its connection: read afresh, or brought up to what others wrote. */
import { BookState } from './state.ts';
import type { BookStore, Head } from './store.ts';

/** A book, and which wallets have their place in it; every one when that is absent. */
type Book = { readonly book: number; readonly keeps?: (walletId: string) => boolean };

export type Live = { readonly store: BookStore; readonly state: BookState };

/** With more than this to catch up on, starting afresh is cheaper. */
const tailEntriesMax = 5_000;

/** Others wrote more than is worth following entry by entry. */
export class FellBehind extends Error {}

/** The end of the log, and a state that knows no more than the system accounts; the wallets are looked up when they are needed. */
export async function readBook(store: BookStore, { book, keeps }: Book): Promise<{ state: BookState; head: Head; databaseMs: number }> {
  const [{ head, nextAccountNumber }, assets, systemAccounts, databaseMs] = await Promise.all([
    store.head(),
    store.assets(),
    store.systemAccounts(),
    store.clock(),
  ]);
  const state = new BookState(book, assets, head.lastSeq + 1, nextAccountNumber, keeps);
  for (const account of systemAccounts) state.learnAccount(account);
  return { state, head, databaseMs };
}

/** Under the book's turn: brings the state from the head it knows to the end of the log, which it answers. Throws FellBehind. */
export async function followOthers({ store, state }: Live, known: Head): Promise<Head> {
  const { head, nextAccountNumber } = await store.head();
  if (head.batchNo === known.batchNo) return known;
  if (head.lastSeq - known.lastSeq > tailEntriesMax) throw new FellBehind();
  for (const entry of await store.tail(known.lastSeq, head.lastSeq)) state.follow(entry);
  for (const account of await store.systemAccounts()) state.learnAccount(account);
  state.moveTo(head.lastSeq + 1, nextAccountNumber);
  return head;
}
