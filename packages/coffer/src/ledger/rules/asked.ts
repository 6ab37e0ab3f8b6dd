/** An operation made ready for deciding. Done once, when it arrives, so that deciding it again costs nothing. */
import { systemAccountId } from './accounts.ts';
import { digestOperation } from './digest.ts';
import { assertStorable } from './storable.ts';
import { initiatingSide } from './types.ts';
import type { Operation, TransferCreditOperation, TransferEndOperation } from './types.ts';

export type Asked = {
  readonly operation: Operation;
  /** Tells a retry from a key used for something else. */
  readonly digest: string;
  /** The idempotency key with the account that it is scoped to: what the outcome is remembered under. Null for what has no key. */
  readonly name: string | null;
};

export function ask(operation: Operation): Asked {
  assertStorable(operation);
  return {
    operation,
    digest: digestOperation(operation),
    name: operation.key === null ? null : outcomeName(initiatorId(operation), operation.key),
  };
}

/** A wallet id has no slash in it, a system account's has one, so id and key cannot run into each other. */
export function outcomeName(accountId: string, key: string): string {
  return `${accountId}/${key}`;
}

/** The id of the account that initiates an operation; an asset that is not given cannot be told from the operation alone. */
export function initiatorId(operation: Operation): string {
  if ('wallet' in operation) return operation.wallet;
  if (operation.kind === 'reversal') return operation.initiator;
  if (isOfTransit(operation)) return systemAccountId('in_transit', operation.asset);
  const ref = operation[initiatingSide[operation.kind]];
  return 'wallet' in ref ? ref.wallet : systemAccountId(ref.system, operation.asset ?? 0);
}

/** The steps of a saga that the ledger takes by itself: initiated by what is in transit. */
export function isOfTransit(operation: Operation): operation is TransferCreditOperation | TransferEndOperation {
  return operation.kind === 'transfer_credit' || operation.kind === 'transfer_complete' || operation.kind === 'transfer_return';
}
