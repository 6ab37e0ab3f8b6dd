/** Encrypts the metadata of a request before anything stores it, and recognises a retry whose metadata was stored in another form. */
import { newId } from '../kernel/index.ts';
import { initiatorId, orUnknown } from '../ledger/index.ts';
import type { Ledger, Operation, Outcome } from '../ledger/index.ts';
import { isSameMetadata, isSealed, openedEntry, plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import { ownersAmong } from './approval.ts';
import type { Context, Definition } from './definition.ts';
import type { OperationOutcome } from './outcome.ts';
import type { Terms } from './terms.ts';
import { entryOnRecord, namedWallets } from './touched.ts';

/** With its metadata encrypted, where that is asked for. A sealed request is returned as it is. */
export async function sealedRequest<T extends Terms>(
  vault: MetadataVault,
  definition: Definition,
  request: T,
  context: Context,
): Promise<T> {
  const { metadata, key } = request;
  if (metadata === undefined || vault === plainMetadata || isSealed(metadata)) return request;
  const prepared = await definition.prepare(request, context);
  // What is refused this early may pass when it is prepared again, so it is encrypted, too.
  const owner = 'operation' in prepared ? ownerOf(prepared.operation) : null;
  return { ...request, metadata: await vault.sealed(metadata, { owner, key: key ?? newId() }) };
}

/** Whose data the metadata is: the owner of the wallet that initiates the operation, or else of another wallet in it. */
function ownerOf(operation: Operation): string | null {
  return ownersAmong([initiatorId(operation), ...namedWallets(operation)])[0] ?? null;
}

/** The outcome as readers see it. Throws LedgerUnavailable if it cannot be shown in an outage: it is on record. */
export async function openedOutcome<O extends OperationOutcome>(vault: MetadataVault, outcome: O): Promise<O> {
  const { entry } = outcome;
  return entry ? { ...outcome, entry: await orUnknown(() => openedEntry(vault, entry)) } : outcome;
}

export type Posting = Pick<Ledger, 'post' | 'postEach' | 'postLinked'>;

/**
 * Posts to the ledger. A key whose entry has the same metadata in another form, such as from before it was encrypted, counts as the same
 * request: the operation is posted again with the metadata as it is stored.
 */
export function retriesRecognised(ledger: Ledger, vault: MetadataVault): Posting {
  if (vault === plainMetadata) return ledger;
  const asStored = async (operation: Operation): Promise<Operation> => {
    const { key } = operation;
    const given = metadataOf(operation);
    if (given === undefined || key === null) return operation;
    const stored = (await entryOnRecord(ledger, key, operation))?.metadata;
    if (typeof stored !== 'string' || stored === given || !(await isSameMetadata(vault, stored, given))) return operation;
    return { ...operation, metadata: stored } as Operation;
  };
  const post: Posting['post'] = async (operation, book) => {
    const outcome = await ledger.post(operation, book);
    if (!isReused(outcome)) return outcome;
    const stored = await asStored(operation);
    return stored === operation ? outcome : await ledger.post(stored, book);
  };
  return {
    post,
    async postEach(operations, book) {
      const outcomes = await ledger.postEach(operations, book);
      return await Promise.all(
        outcomes.map(async (outcome, at) => {
          const operation = operations[at];
          return isReused(outcome) && operation ? await post(operation, book) : outcome;
        }),
      );
    },
    async postLinked(operations, book) {
      const outcomes = await ledger.postLinked(operations, book);
      if (!outcomes.some(isReused)) return outcomes;
      const stored = await Promise.all(operations.map(asStored));
      return stored.every((operation, at) => operation === operations[at]) ? outcomes : await ledger.postLinked(stored, book);
    },
  };
}

function metadataOf(operation: Operation): string | undefined {
  return 'metadata' in operation ? operation.metadata : undefined;
}

function isReused(outcome: Outcome): boolean {
  return outcome.status === 'refused' && outcome.refusal.code === 'idempotency_key_reused';
}
