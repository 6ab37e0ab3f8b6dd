/**
 * Terms: numbers under which operations are found. A term's upper bits are the stretch of the log that the operation is in, so a
 * search asks for the terms of one stretch after the other and stops when it has enough; its lower bits are of a hash of what is
 * found by. Equal hashes of different things are harmless: each page is checked against the log.
 */
import { hash } from 'node:crypto';
import type { Facts } from './facts.ts';

/** Entries in a stretch, as a power of two: a filter that matches all of a stretch reads 32,768 rows, in about 12 ms. */
export const stretchBits = 15;
export const hashBits = 40;
/** Stretches of up to 64 books have places of their own, and each book's places repeat after four billion entries. */
export const booksAtMost = 64;
export const places = 2 ** (63 - hashBits);

/** What a hold or a transfer in steps is at the moment; others are `completed` or `refused` for good. */
export type Progress = 'open' | 'done' | 'expired' | 'debited' | 'completed' | 'compensated' | 'refused';

export const term = {
  type: (type: string) => `k:${type}`,
  progress: (progress: Progress) => `s:${progress}`,
  refusal: (code: string) => `r:${code}`,
  asset: (id: number) => `c:${id}`,
  account: (id: string) => `w:${id}`,
  accountKind: (kind: string) => `x:${kind}`,
  owner: (owner: string) => `o:${owner}`,
  amount: (amount: bigint) => `a:${amount}`,
  /** Amounts of so many digits that begin with these. */
  amounts: (digits: number, first: string) => `b:${digits}:${first}`,
  property: (text: string) => `m:${text}`,
  word: (word: string) => `t:${word}`,
} as const;

const leadingDigits = 3;

export function termsOf(facts: Facts, progress: Progress): string[] {
  const { type, refusal, asset, amount, parties, properties, words } = facts;
  const terms = [term.type(type), term.progress(progress)];
  if (refusal !== null) terms.push(term.refusal(refusal));
  if (asset !== null) terms.push(term.asset(asset));
  for (const { id, kind, owner } of parties) {
    terms.push(id.startsWith('$') ? term.accountKind(kind) : term.account(id));
    if (owner !== null) terms.push(term.owner(owner));
  }
  if (amount !== null) terms.push(term.amount(amount), ...prefixesOf(amount));
  for (const property of properties) terms.push(term.property(property));
  for (const word of words) terms.push(term.word(word));
  return [...new Set(terms)];
}

function prefixesOf(amount: bigint): string[] {
  const text = amount.toString();
  return Array.from({ length: Math.min(leadingDigits, text.length) }, (_, at) => term.amounts(text.length, text.slice(0, at + 1)));
}

const digitsMax = 38;
/** Few amounts are greater. */
const frequentMax = 10n ** 15n;

/** Terms that together cover a range of amounts, and at its ends a little more. Null if they would be almost all amounts. */
export function termsOfAmounts(min: bigint | undefined, max: bigint | undefined): string[] | null {
  if (min !== undefined && min === max) return [term.amount(min)];
  const [low, high] = [min ?? 0n, max ?? 10n ** BigInt(digitsMax) - 1n];
  if (low <= 1n && high >= frequentMax) return null;
  const terms: string[] = [];
  for (let digits = 1; digits <= digitsMax; digits++) cover(terms, digits, '', low, high);
  return terms;
}

/** The numbers of so many digits that begin with a prefix, as far as they are in the range. */
function cover(terms: string[], digits: number, prefix: string, low: bigint, high: bigint): void {
  const first = BigInt((prefix === '' && digits > 1 ? '1' : prefix).padEnd(digits, '0'));
  const last = BigInt(prefix.padEnd(digits, '9'));
  if (last < low || first > high) return;
  const isInside = prefix !== '' && first >= low && last <= high;
  if (isInside || prefix.length === Math.min(leadingDigits, digits)) return void terms.push(term.amounts(digits, prefix));
  for (let digit = prefix === '' && digits > 1 ? 1 : 0; digit <= 9; digit++) cover(terms, digits, `${prefix}${digit}`, low, high);
}

/** The part of a term that does not depend on the operation's position. */
export function hashOf(text: string): bigint {
  return BigInt(hash('sha1', text, 'buffer').readUIntBE(0, hashBits / 8));
}

/** A row's terms, as a PostgreSQL array. */
export function placed(terms: readonly string[], { book, seq }: { readonly book: number; readonly seq: number }): string {
  return `{${terms.map((text) => placedTerm(text, book, seq)).join(',')}}`;
}

export function placedTerm(text: string, book: number, seq: number): string {
  const stretch = Math.floor(seq / 2 ** stretchBits);
  return ((BigInt((stretch * booksAtMost + book) % places) << BigInt(hashBits)) | hashOf(text)).toString();
}
