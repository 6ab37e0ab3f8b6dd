/** An operation made ready for deciding. Done once, when it arrives, so that deciding it again costs nothing. */
import { systemAccountId } from './accounts.ts';
import { digestOperation } from './digest.ts';
import { assertStorable } from './storable.ts';
import { initiatingSide } from './types.ts';
import type { Operation } from './types.ts';

export type Asked = {
  readonly operation: Operation;
  /** Tells a retry from a key used for something else. */
  readonly digest: string;
  /** The idempotency key with the wallet that it is scoped to: what the outcome is remembered under. */
  readonly name: string;
};

export function ask(operation: Operation): Asked {
  assertStorable(operation);
  return {
    operation,
    digest: digestOperation(operation),
    name: outcomeName(initiatorId(operation), operation.key),
  };
}

/** An account id has no slash in it, so id and key cannot run into each other. */
export function outcomeName(accountId: string, key: string): string {
  return `${accountId}/${key}`;
}

function initiatorId(operation: Operation): string {
  if (operation.kind === 'open') return operation.wallet;
  const ref = operation[initiatingSide[operation.kind]];
  return 'wallet' in ref ? ref.wallet : systemAccountId(ref.system, operation.asset ?? 0);
}
