/** What the audit keeps of requests to post. */
import { metadataMistake } from '../../operations/index.ts';
import type { Operation, PostRequest } from './generated/ledger.ts';

/** All that was said, and metadata as the JSON that it is, so that secrets are found in it. */
export function notedRequest({ id, operations, atomic }: PostRequest): unknown {
  return { id, atomic, operations: operations.map(notedOperation) };
}

/** A stream takes a thousand times as many operations as single calls, so its notes do not repeat them. */
export function countedRequest({ id, operations, atomic }: PostRequest): unknown {
  return { id, operations: operations.length, atomic };
}

function notedOperation(operation: Operation): unknown {
  const said = Object.entries(operation).flatMap(([kind, asked]) => {
    if (asked === null) return [];
    const { terms } = asked;
    return [[kind, { ...asked, terms: terms && { ...terms, metadata: notedMetadata(terms.metadata) } }]];
  });
  return Object.fromEntries(said);
}

/** Metadata that is refused is not kept: nobody knows what is in it. */
function notedMetadata(text: string): unknown {
  if (text === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return metadataMistake(value) === null ? value : null;
  } catch {
    return null;
  }
}
