import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bookToAskFor } from './rendezvous.ts';

/** Servers by name, and the owner of each book: one of them, a command, or a server that has ended. */
const worlds = fc.integer({ min: 1, max: 6 }).chain((servers) => {
  const names = Array.from({ length: servers }, (_, at) => `server ${at}`);
  const owner = fc.constantFrom(...names, 'command');
  return fc.record({ names: fc.constant(names), owners: fc.array(owner, { minLength: 1, maxLength: 24 }) });
});

function spread(names: readonly string[], owners: ReadonlyMap<number, string>): { moves: number; owners: ReadonlyMap<number, string> } {
  const now = new Map(owners);
  for (let moves = 0; ; moves++) {
    const asked = names.map((self) => [self, bookToAskFor(self, names, now)] as const).find(([, book]) => book !== null);
    if (!asked || moves > 100) return { moves, owners: now };
    now.set(asked[1] ?? 0, asked[0]);
  }
}

describe('books that are asked for one after another', () => {
  test('end up evenly spread over the servers, and stay', () => {
    fc.assert(
      fc.property(worlds, ({ names, owners }) => {
        const { moves, owners: end } = spread(names, new Map(owners.map((owner, at) => [at + 1, owner])));
        // A book that a command gave up may move once more.
        expect(moves).toBeLessThanOrEqual(2 * owners.length);
        const counts = names.map((name) => [...end.values()].filter((owner) => owner === name).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect([...end.values()]).not.toContain('command');
      }),
      { numRuns: 1_000 },
    );
  });

  test('move only as often as needed: none when a single server joins the owner of one book', () => {
    expect(bookToAskFor('new', ['old', 'new'], new Map([[1, 'old']]))).toBeNull();
    const { moves } = spread(['old', 'new'], new Map([1, 2, 3, 4].map((book) => [book, 'old'])));
    expect(moves).toBe(2);
  });
});
