import { describe, expect, it } from 'vitest';
import { bookOfOwner, bookOfWallet } from './placement.ts';

const owner = '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32';

describe('the book of a wallet', () => {
  it('is that of its owner when the wallet id begins with the owner', () => {
    for (const books of [2, 4, 1024]) {
      const wanted = bookOfOwner(owner, books);
      for (const asset of ['GOLD', 'USD', 'POINTS_2']) expect(bookOfWallet(`${owner}.${asset}`, books)).toBe(wanted);
    }
  });

  it('depends on the whole id for every other wallet', () => {
    for (const id of ['w1', owner, `${owner}-x`, `${owner.toUpperCase()}.USD`, 'shop.USD', '']) {
      expect(bookOfWallet(id, 1024)).toBe(bookOfOwner(id, 1024));
    }
  });

  it('never changes', () => {
    expect(['w1', 'w2', 'w3', `${owner}.USD`].map((id) => bookOfWallet(id, 4))).toEqual([4, 3, 4, 4]);
    expect(['w1', 'w2', 'w3', `${owner}.USD`].map((id) => bookOfWallet(id, 1000))).toEqual([128, 459, 420, 572]);
  });

  it('exists, and every book gets wallets', () => {
    const found = new Set(Array.from({ length: 1_000 }, (_, at) => bookOfWallet(`w${at}`, 7)));
    expect(found).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
  });

  it('is the first when there is only one', () => {
    expect(bookOfWallet('anything', 1)).toBe(1);
  });
});
