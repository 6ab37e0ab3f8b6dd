import { operations } from '../../packages/coffer/src/operations/index.ts';
import type { BatchItem, CommandName, RequestOf } from '../../packages/coffer/src/operations/index.ts';

type Named = { readonly [K in CommandName]: { readonly type: K } & RequestOf<K> }[CommandName];

/** The items of a batch, each given by the name of its command. */
export function itemsOf(...named: readonly Named[]): BatchItem[] {
  return named.map(({ type, ...request }) => ({ definition: operations[type], request }));
}
