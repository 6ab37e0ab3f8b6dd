/**
 * A message of an external broker is only a claim that the log has an event at a position. What consumers get is read from the log, so
 * a broker that loses, repeats, reorders or invents messages does no harm.
 */
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import type { Delivery, Place } from './broker.ts';

/** `previous`: the claimed position of the event before it; null for the first event of a book. */
export type Claim = Place & Pick<LedgerEvent, 'id' | 'book' | 'type' | 'wallet'> & { readonly previous: Place | null };

/** Why a claim is not true. */
export type Unfounded = { readonly unfounded: string };

const beginning: Place = { seq: 0, part: 0 };

/** For each claim, in order, the event that the log has there. Claims that follow each other cost one read. */
export async function confirm(ledger: Pick<Ledger, 'books' | 'read'>, claims: readonly Claim[]): Promise<(Delivery | Unfounded)[]> {
  const found = new Map<string, Delivery>();
  for (const [book, ofBook] of Map.groupBy(claims, (claim) => claim.book)) {
    if (!ledger.books.includes(book)) continue;
    for (const delivery of await readClaimed(ledger.read.in({ book }), ofBook.toSorted(inOrder))) found.set(delivery.event.id, delivery);
  }
  return claims.map((claim) => {
    const delivery = found.get(`${claim.book}-${claim.seq}-${claim.part}`);
    if (!delivery) return { unfounded: 'the log has no such event' };
    const { id, type, wallet } = delivery.event;
    const isSame = id === claim.id && type === claim.type && wallet === claim.wallet;
    return isSame ? delivery : { unfounded: 'the log has another event at its position' };
  });
}

/** `claims` of one book, in order. Returns at least the events at their positions. */
async function readClaimed(reader: ReturnType<Ledger['read']['in']>, claims: readonly Claim[]): Promise<Delivery[]> {
  const found: Delivery[] = [];
  for (let rest = claims; rest[0];) {
    const [first] = rest;
    const limit = chainOf(rest);
    // The claimed predecessor is used only if the log has nothing between it and the event.
    let after = first.previous ?? beginning;
    let events = inOrder(after, first) < 0 ? await reader.events(after.seq, after.part, limit) : [];
    if (!events[0] || inOrder(events[0], first) !== 0) {
      after = { seq: first.seq, part: first.part - 1 };
      events = await reader.events(after.seq, after.part, limit);
    }
    const last = events.at(-1);
    // The log ends before this claim, and so before those after it.
    if (!last) break;
    for (const [at, event] of events.entries()) found.push({ event, previous: placeOf(events[at - 1] ?? after) });
    rest = rest.filter((claim) => inOrder(last, claim) < 0);
  }
  return found;
}

/** How many of the first claims name each other as predecessors. */
function chainOf(claims: readonly Claim[]): number {
  const broken = claims.findIndex(({ previous }, at) => {
    const before = claims[at - 1];
    return before !== undefined && (previous === null || inOrder(previous, before) !== 0);
  });
  return broken === -1 ? claims.length : broken;
}

function placeOf({ seq, part }: Place): Place | null {
  return seq === 0 && part === 0 ? null : { seq, part };
}

function inOrder(one: Place, other: Place): number {
  return one.seq - other.seq || one.part - other.part;
}
