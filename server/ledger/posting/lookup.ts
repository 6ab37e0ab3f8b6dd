/** Brings in what deciding needs and memory lacks. */
import { assert } from '../../kernel/index.ts';
import { initiatorOf } from '../rules/decide.ts';
import type { Group } from './group.ts';
import type { BookState } from './state.ts';
import type { BookStore } from './store.ts';

export async function lookUpWallets(store: BookStore, state: BookState, groups: readonly Group[]): Promise<void> {
  const unknown = new Set<string>();
  const note = (wallet: string) => {
    if (!state.wallet(wallet)) unknown.add(wallet);
  };
  for (const { asked } of groups) {
    for (const { operation } of asked) {
      if (operation.kind === 'open') {
        note(operation.wallet);
        continue;
      }
      if ('wallet' in operation.debit) note(operation.debit.wallet);
      if ('wallet' in operation.credit) note(operation.credit.wallet);
    }
  }
  if (unknown.size === 0) return;
  for (const account of await store.wallets([...unknown])) state.learnAccount(account);
}

/** What the keys were used for, where memory does not know it. True when one was used before. */
export async function lookUpKeys(store: BookStore, state: BookState, groups: readonly Group[]): Promise<boolean> {
  const names: string[] = [];
  const scopes: number[] = [];
  const keys: string[] = [];
  for (const { asked } of groups) {
    for (const one of asked) {
      const initiator = initiatorOf(state, one.operation);
      if (!initiator || state.remembered(one)) continue;
      names.push(one.name);
      scopes.push(initiator.number);
      keys.push(one.operation.key);
    }
  }
  if (keys.length === 0) return false;
  const found = await store.outcomes(scopes, keys);
  for (const { at, entry } of found) {
    const name = names[at - 1];
    assert(name !== undefined, 'an outcome is one of those asked for');
    state.learnOutcome(name, entry);
  }
  return found.length > 0;
}
