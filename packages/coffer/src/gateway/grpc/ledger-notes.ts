/** What the audit records of posting requests. */
import { metadataMistake } from '../../operations/index.ts';
import type { Operation, PostRequest } from './generated/ledger.ts';

/** The whole request, with metadata parsed as JSON so that secrets in it are found. */
export function notedRequest({ id, operations, atomic }: PostRequest): unknown {
  return { id, atomic, operations: operations.map(notedOperation) };
}

/** A stream carries a thousand times as many operations as single calls, so its notes do not repeat them. */
export function countedRequest({ id, operations, atomic }: PostRequest): unknown {
  return { id, operations: operations.length, atomic };
}

function notedOperation(operation: Operation): unknown {
  const noted = Object.entries(operation).flatMap(([kind, input]) => {
    if (input === null) return [];
    const { terms } = input;
    return [[kind, { ...input, terms: terms && { ...terms, metadata: notedMetadata(terms.metadata) } }]];
  });
  return Object.fromEntries(noted);
}

/** Refused metadata is not recorded: it may contain anything. */
function notedMetadata(text: string): unknown {
  if (text === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return metadataMistake(value) === null ? value : null;
  } catch {
    return null;
  }
}
