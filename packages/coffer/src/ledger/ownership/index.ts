// Which process owns which book, and how the others hand operations over to it.
export { Desk } from './desk.ts';
export { readBooks } from './books.ts';
export type { OwnedBook } from './books.ts';
export { Owners } from './owners.ts';
export type { PeerOptions } from './owners.ts';
