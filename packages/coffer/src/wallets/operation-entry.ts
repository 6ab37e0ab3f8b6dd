/** Finds operations by the ids in their answers. */
import { parseOperationId } from '../ledger/index.ts';
import type { ReadableLedger, RecordedEntry } from '../ledger/index.ts';

/** Null when there is none. A wallet opened implicitly by a posting has its own entry, but is not a separate operation. */
export async function entryOfOperation(
  ledger: Pick<ReadableLedger, 'read'>,
  id: string,
  onlyOwner?: string,
): Promise<RecordedEntry | null> {
  const place = parseOperationId(id);
  const book = place && ledger.read.book(place.book);
  const entry = book && (await book.entry(place.seq, onlyOwner));
  return entry?.operation === entry?.seq ? entry : null;
}
