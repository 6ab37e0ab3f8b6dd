import { describe, expect, test } from 'vitest';
import { Follower } from './follower.ts';
import type { Position } from './follower.ts';

/** A book with this many entries of one event each, and a record of each read. */
function book(entries: number, limit: number, from: Position = { seq: 0, part: 0 }) {
  const reads: number[] = [];
  const log = Array.from({ length: entries }, (_, at) => ({ seq: at + 1, part: 1 }));
  const read = (_: number, after: Position, most: number) => {
    reads.push(after.seq);
    return Promise.resolve(log.filter(({ seq }) => seq > after.seq).slice(0, most));
  };
  return { reads, log, follower: new Follower(new Map([[1, from]]), { read, limit }) };
}

const seqs = ({ events }: { events: readonly Position[] }) => events.map(({ seq }) => seq);

describe('following a book', () => {
  test('moves from position to position, and prefetches the page after a full one', async () => {
    const { reads, follower } = book(5, 2);
    const first = await follower.next(1);
    expect([seqs(first), first.isFull, first.after]).toEqual([[1, 2], true, { seq: 0, part: 0 }]);
    expect(reads).toEqual([0, 2]);
    follower.moveOn(1, { seq: 2, part: 1 });
    expect(seqs(await follower.next(1))).toEqual([3, 4]);
    follower.moveOn(1, { seq: 4, part: 1 });
    const last = await follower.next(1);
    expect([seqs(last), last.isFull, last.after]).toEqual([[5], false, { seq: 4, part: 1 }]);
    follower.moveOn(1, { seq: 5, part: 1 });
    expect(seqs(await follower.next(1))).toEqual([]);
    // Each page once; nothing is prefetched at the end of the log.
    expect(reads).toEqual([0, 2, 4, 5]);
  });

  test('begins at the given position', async () => {
    const { follower } = book(5, 10, { seq: 3, part: 1 });
    expect(seqs(await follower.next(1))).toEqual([4, 5]);
  });

  test('returns the same events until it moves on', async () => {
    const { follower } = book(5, 2);
    expect(seqs(await follower.next(1))).toEqual([1, 2]);
    expect(seqs(await follower.next(1))).toEqual([1, 2]);
    // Past a part of the page: the prefetched page does not apply.
    follower.moveOn(1, { seq: 1, part: 1 });
    expect(seqs(await follower.next(1))).toEqual([2, 3]);
  });

  test('keeps books apart', async () => {
    const read = (number: number) => Promise.resolve([{ seq: number, part: 1 }]);
    const follower = new Follower(new Map(), { read, limit: 10 });
    expect(seqs(await follower.next(1))).toEqual([1]);
    expect(seqs(await follower.next(2))).toEqual([2]);
  });

  test('a failed prefetch fails the next call, and the call after that reads again', async () => {
    let reads = 0;
    const read = (_: number, after: Position) =>
      ++reads === 2 ? Promise.reject(new Error('away')) : Promise.resolve([{ seq: after.seq + 1, part: 1 }]);
    const follower = new Follower(new Map(), { read, limit: 1 });
    expect(seqs(await follower.next(1))).toEqual([1]);
    follower.moveOn(1, { seq: 1, part: 1 });
    await expect(follower.next(1)).rejects.toThrow('away');
    expect(seqs(await follower.next(1))).toEqual([2]);
  });
});
