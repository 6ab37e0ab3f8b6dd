/** Which books a process should ask for, so that the books are spread evenly and move only when they must. Pure. */
import { createHash } from 'node:crypto';

/**
 * The book that `self` asks its owner for: null while its share is not short, or no owner has more than its share. `owners`: by book.
 * Of several, first those of owners that are no servers, then the one that ranks this process highest: processes that ask at the same moment ask for different books.
 */
export function bookToAskFor(self: string, servers: readonly string[], owners: ReadonlyMap<number, string>): number | null {
  const count = new Map(servers.map((server) => [server, 0]));
  for (const owner of owners.values()) count.set(owner, (count.get(owner) ?? 0) + 1);
  const fairShare = owners.size / Math.max(1, servers.length);
  if ((count.get(self) ?? 0) + 1 > Math.ceil(fairShare)) return null;
  const offered = [...owners].filter(([, owner]) => owner !== self && hasTooMany(owner));
  const ofServer = (owner: string) => (servers.includes(owner) ? 1 : 0);
  const ranked = offered.toSorted(
    ([one, first], [other, second]) => ofServer(first) - ofServer(second) || rank(other, self) - rank(one, self),
  );
  return ranked[0]?.[0] ?? null;

  function hasTooMany(owner: string): boolean {
    const owned = count.get(owner) ?? 0;
    // A command gives up what it has; a server, what is above everybody's share, or what would leave it no fewer than the one that asks.
    return !servers.includes(owner) || owned > Math.ceil(fairShare) || owned > (count.get(self) ?? 0) + 1;
  }
}

/** Deterministic and evenly spread. */
function rank(book: number, process: string): number {
  return createHash('sha256').update(`${book} ${process}`).digest().readUInt32BE(0);
}
