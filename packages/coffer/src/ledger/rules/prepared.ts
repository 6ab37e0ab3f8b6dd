/** Prepares an operation for the decision. Done once, on arrival, so that deciding again costs nothing. */
import { systemAccountId } from './accounts.ts';
import { digestOperation } from './digest.ts';
import { keyspaceOf, storedKey } from './keyspaces.ts';
import { assertStorable } from './storable.ts';
import { initiatingSideOf } from './initiating-side.ts';
import type { PreparedOperation } from './decision.ts';
import type { Operation, TransferCreditOperation, TransferEndOperation } from './types.ts';

export function prepare(operation: Operation): PreparedOperation {
  assertStorable(operation);
  return {
    operation,
    digest: digestOperation(operation),
    name: operation.key === null ? null : outcomeName(initiatorId(operation), storedKey(operation.key, keyspaceOf(operation.actor))),
  };
}

/** A wallet id contains no slash and a system account's id exactly one, so id and key stay separable. */
export function outcomeName(accountId: string, key: string): string {
  return `${accountId}/${key}`;
}

/** The id of the account that initiates an operation. Without an explicit asset, it cannot be derived from the operation alone. */
export function initiatorId(operation: Operation): string {
  if ('wallet' in operation) return operation.wallet;
  if (operation.kind === 'reversal') return operation.initiator;
  if (isOfTransit(operation)) return systemAccountId('in_transit', operation.asset);
  const ref = operation[initiatingSideOf(operation)];
  if ('wallet' in ref) return ref.wallet;
  return 'named' in ref ? ref.named : systemAccountId(ref.system, operation.asset ?? 0);
}

/** The saga steps that the ledger takes itself, initiated by the in-transit account. */
export function isOfTransit(operation: Operation): operation is TransferCreditOperation | TransferEndOperation {
  return operation.kind === 'transfer_credit' || operation.kind === 'transfer_complete' || operation.kind === 'transfer_return';
}
