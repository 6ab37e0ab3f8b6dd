/**
 * The next stretch of a book's log for the relay: as much as is announced at once, with the events of the operations that are published.
 * Events are read only for these: to read them all costs more than half of what the worker needs to apply them.
 */
import { eventsPerEntryMax } from '../../ledger/index.ts';
import type { BookReader, EntryShape, LedgerEvent } from '../../ledger/index.ts';
import type { Delivery, Place } from '../broker.ts';
import type { Span } from '../claims.ts';
import type { Audience } from './audience.ts';
import { operationsOf } from './window.ts';
import type { Operation } from './window.ts';

/** A batch of the worker. */
const entriesPerWindow = 1_000;
/** For other consumers: up to a thousand messages, which are confirmed together. */
export const operationsPerWindow = 200;
/** If it may not have all that is wanted, everything is read. */
const sparseShare = 0.1;
/** The last event of a window is in one of its last entries. */
const lastEntries = 3;

/** How far a book has been relayed. */
export type Progress = {
  /** The last event that was announced. */
  readonly place: Place;
  /** The last entry that was looked at: those after the place have no events. */
  readonly seq: number;
};

export type Stretch = {
  readonly progress: Progress;
  /** Null if there are no events in it. */
  readonly announced: { readonly last: Delivery; readonly span: Span } | null;
  readonly operations: readonly Operation[];
  /** There may be more. */
  readonly isFull: boolean;
};

export class BookLog {
  readonly #reader: BookReader;
  readonly #audience: Audience;

  constructor(reader: BookReader, audience: Audience) {
    this.#reader = reader;
    this.#audience = audience;
  }

  /** Where the relay begins: the place may be in the middle of an entry, whose other events are still to come. */
  async progressAt(place: Place): Promise<Progress> {
    if (place.seq === 0) return { place, seq: 0 };
    const rest = await this.#reader.eventLog.until(place.seq, place, 1);
    return { place, seq: rest.length === 0 ? place.seq : place.seq - 1 };
  }

  /** Null if there are no entries after it. `atOnce`: how many operations may be published. */
  async next({ place, seq }: Progress, atOnce: number): Promise<Stretch | null> {
    const found = await this.#reader.eventLog.shapes(seq, entriesPerWindow);
    const entries = this.#upTo(found, atOnce);
    const last = entries.at(-1);
    if (!last) return null;
    const wanted = this.#audience.entriesOf(entries);
    const isFull = found.length === entriesPerWindow;
    if (wanted.length < entries.length * sparseShare) {
      const sparse = await this.#sparsely(entries, wanted, place);
      if (sparse) return { ...sparse, isFull };
    }
    const limit = entries.length * eventsPerEntryMax;
    const events = await this.#reader.eventLog.until(last.seq, place, limit);
    const operations = operationsOf(entries, events, { after: place, isComplete: true });
    const selected = wanted.flatMap((entry) => operations.get(entry.seq) ?? []);
    return { ...stretchOf({ entries, events, operations, place }), operations: selected, isFull };
  }

  /** As many of the entries as do not need too many messages. */
  #upTo(entries: readonly EntryShape[], atOnce: number): readonly EntryShape[] {
    const tooMany = this.#audience.entriesOf(entries)[atOnce];
    return tooMany ? entries.slice(0, entries.indexOf(tooMany)) : entries;
  }

  /** Reads the wanted entries, those before them, and the last ones. Null if that is not enough. */
  async #sparsely(entries: readonly EntryShape[], wanted: readonly EntryShape[], place: Place): Promise<Omit<Stretch, 'isFull'> | null> {
    const at = new Map(entries.map(({ seq }, index) => [seq, index]));
    const indexes = wanted.flatMap(({ seq }) => [(at.get(seq) ?? 0) - 1, at.get(seq) ?? 0]);
    for (let back = 1; back <= lastEntries; back++) indexes.push(entries.length - back);
    const seqs = new Set(indexes.flatMap((index) => entries[index]?.seq ?? []));
    const read = await this.#reader.eventLog.ofEntries([...seqs]);
    // The first entry may have been relayed in part.
    const events = read.filter((event) => event.seq !== place.seq || event.part > place.part);
    const operations = operationsOf(entries, events, { after: place, isComplete: false });
    const selected: Operation[] = [];
    for (const { seq } of wanted) {
      const operation = operations.get(seq);
      if (operation === null) return null;
      if (operation) selected.push(operation);
    }
    const lastEvent = events.at(-1);
    if (!lastEvent || !operations.get(lastEvent.seq) || !entries.slice(-lastEntries).some(({ seq }) => seq === lastEvent.seq)) return null;
    return { ...stretchOf({ entries, events, operations, place }), operations: selected };
  }
}

function stretchOf({
  entries,
  events,
  operations,
  place,
}: {
  readonly entries: readonly EntryShape[];
  readonly events: readonly LedgerEvent[];
  readonly operations: ReadonlyMap<number, Operation | null>;
  readonly place: Place;
}): Pick<Stretch, 'progress' | 'announced'> {
  const seq = entries.at(-1)?.seq ?? place.seq;
  const lastEvent = events.at(-1);
  const last = lastEvent && operations.get(lastEvent.seq)?.deliveries.at(-1);
  if (!last) return { progress: { place, seq }, announced: null };
  const { part } = last.event;
  return {
    progress: { place: { seq: last.event.seq, part }, seq },
    announced: { last, span: { after: place, entries: entries.length } },
  };
}
