/**
 * A message of an external broker is only a claim that the log has an event at a position, or that there are others between two. What
 * consumers get is read from the log, so a broker that loses, repeats, reorders or invents messages does no harm.
 */
import { eventsPerEntryMax } from '../ledger/index.ts';
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import type { Delivery, Place } from './broker.ts';

/** `previous`: the claimed position of the event before it; null for the first event of a book. */
export type Claim = Place &
  Pick<LedgerEvent, 'id' | 'book' | 'type' | 'wallet'> & {
    readonly previous: Place | null;
    /** Of an announcement: the claimed event is the last of these. Absent: it is the only one. */
    readonly span?: Span;
  };

/** The events after a position, in so many entries at most. */
export type Span = { readonly after: Place; readonly entries: number };

/** More entries than this are not announced at once: a message, whoever sent it, costs no more than one read of so many. */
export const spanMax = 2_500;

/** Why a claim is not true. */
export type Unfounded = { readonly unfounded: string };

const beginning: Place = { seq: 0, part: 0 };

type Spanning = Claim & { readonly span: Span };
type Reader = ReturnType<Ledger['read']['in']>;

const missing: Unfounded = { unfounded: 'the log has no such event' };
const different: Unfounded = { unfounded: 'the log has another event at its position' };

/** For each claim, in order, the events that the log has there. Claims that follow each other cost one read. */
export async function confirm(
  ledger: Pick<Ledger, 'books' | 'read'>,
  claims: readonly Claim[],
): Promise<(readonly Delivery[] | Unfounded)[]> {
  const single = claims.filter(({ span }) => span === undefined);
  const events = await confirmEvents(ledger, single);
  const answers = new Map<Claim, readonly Delivery[] | Unfounded>();
  for (const [at, claim] of single.entries()) {
    const event = events[at] ?? missing;
    answers.set(claim, 'event' in event ? [event] : event);
  }
  const spanning = claims.filter((claim): claim is Spanning => claim.span !== undefined);
  for (const [book, ofBook] of Map.groupBy(spanning, (claim) => claim.book)) {
    if (!ledger.books.includes(book)) continue;
    for (const chain of chainsOf(ofBook)) await confirmSpans(ledger.read.in({ book }), chain, answers);
  }
  return claims.map((claim) => answers.get(claim) ?? missing);
}

/** Spans that begin where the one before ends, as far as one read may go. */
function chainsOf(claims: readonly Spanning[]): Spanning[][] {
  const chains: Spanning[][] = [];
  let entries = 0;
  for (const claim of claims) {
    const chain = chains.at(-1);
    const before = chain?.at(-1);
    entries += claim.span.entries;
    if (chain && before && inOrder(before, claim.span.after) === 0 && entries <= spanMax) chain.push(claim);
    else {
      chains.push([claim]);
      entries = claim.span.entries;
    }
  }
  return chains;
}

async function confirmSpans(
  reader: Reader,
  chain: readonly Spanning[],
  answers: Map<Claim, readonly Delivery[] | Unfounded>,
): Promise<void> {
  const [{ span: { after } = { after: beginning } } = {}, end] = [chain[0], chain.at(-1)];
  const entries = chain.reduce((sum, { span }) => sum + span.entries, 0);
  const events = end ? await reader.eventLog.until(end.seq, after, entries * eventsPerEntryMax) : [];
  let from = 0;
  for (const [at, claim] of chain.entries()) {
    const until = events.findLastIndex((event) => inOrder(event, claim) <= 0) + 1;
    const found = events.slice(from, until);
    const last = found.at(-1);
    const isFounded = last && inOrder(last, claim) === 0 && new Set(found.map(({ seq }) => seq)).size <= claim.span.entries;
    // One before it may have announced too little: what it announces is read from its own beginning.
    if (!isFounded && at > 0) return await confirmSpans(reader, chain.slice(at), answers);
    const deliveries = found.map((event, place) => ({ event, previous: placeOf(found[place - 1] ?? claim.span.after) }));
    if (!isFounded) answers.set(claim, { unfounded: 'the log does not have the events that it announces' });
    else answers.set(claim, isOf(claim, last) ? deliveries : different);
    from = until;
  }
}

function isOf({ id, type, wallet }: Claim, event: LedgerEvent): boolean {
  return id === event.id && type === event.type && wallet === event.wallet;
}

/** For each claim of one event, in order, the event that the log has there. */
async function confirmEvents(ledger: Pick<Ledger, 'books' | 'read'>, claims: readonly Claim[]): Promise<(Delivery | Unfounded)[]> {
  const found = new Map<string, Delivery>();
  for (const [book, ofBook] of Map.groupBy(claims, (claim) => claim.book)) {
    if (!ledger.books.includes(book)) continue;
    for (const delivery of await readClaimed(ledger.read.in({ book }), ofBook.toSorted(inOrder))) found.set(delivery.event.id, delivery);
  }
  return claims.map((claim) => {
    const delivery = found.get(`${claim.book}-${claim.seq}-${claim.part}`);
    if (!delivery) return missing;
    return isOf(claim, delivery.event) ? delivery : different;
  });
}

/** `claims` of one book, in order. Returns at least the events at their positions. */
async function readClaimed(reader: Reader, claims: readonly Claim[]): Promise<Delivery[]> {
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
