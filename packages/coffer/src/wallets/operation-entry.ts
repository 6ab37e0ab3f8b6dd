/** Operations by the ids that their answers carried. */
import { placeOfOperationId } from '../ledger/index.ts';
import type { Ledger, RecordedEntry } from '../ledger/index.ts';

/** Null when there is none. A wallet opened on the way to a posting has an entry of its own, but is no operation of its own. */
export async function entryOfOperation(ledger: Ledger, id: string, onlyOwner?: string): Promise<RecordedEntry | null> {
  const place = placeOfOperationId(id);
  const book = place && ledger.read.book(place.book);
  const entry = book && (await book.entry(place.seq, onlyOwner));
  return entry?.operation === entry?.seq ? entry : null;
}
