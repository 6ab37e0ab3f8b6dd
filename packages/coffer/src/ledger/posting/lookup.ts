/** Loads what a decision needs and memory lacks. */
import { assert } from '../../kernel/index.ts';
import { initiatorOf } from '../rules/decide.ts';
import type { Live } from './live.ts';
import type { KnownNewest } from './newest.ts';
import type { Group } from './queue.ts';
import type { BookState } from './state.ts';
import type { BookStore } from './store.ts';
import { isNamedId, isSystemAccountId } from '../rules/accounts.ts';
import { isInKeyspace, keyspaceOf, storedKey } from '../rules/keyspaces.ts';
import type { Keyspace } from '../rules/keyspaces.ts';
import { startOfDay, startOfMonth } from '../rules/spending.ts';
import type { Account, AccountRef, Operation, WalletSpec } from '../rules/types.ts';

/** Holds and originals first: they name wallets that the operations do not. */
export async function lookUp({ store, state, newest }: Live, groups: readonly Group[]): Promise<void> {
  await lookUpNamed(store, state, groups);
  await lookUpWallets(store, state, newest.known, groups);
  await lookUpSharedKeys(store, state, groups);
}

async function lookUpNamed(store: BookStore, state: BookState, groups: readonly Group[]): Promise<void> {
  const holds = new Set<number>();
  const originals = new Set<number>();
  for (const { operations } of groups) {
    for (const { operation } of operations) {
      if ('hold' in operation && !state.hold(operation.hold)) holds.add(operation.hold);
      const original = originalIn(operation);
      if (original !== null && !state.original(original)) originals.add(original);
    }
  }
  if (holds.size > 0) for (const hold of await store.holds([...holds])) state.learnHold(hold);
  if (originals.size > 0) for (const original of await store.originals([...originals])) state.learnOriginal(original);
}

/** The earlier posting that an operation refers to. */
function originalIn(operation: Operation): number | null {
  if (operation.kind === 'reversal') return operation.reverses;
  return 'ends' in operation ? operation.ends : null;
}

async function lookUpWallets(store: BookStore, state: BookState, known: KnownNewest, groups: readonly Group[]): Promise<void> {
  const unknown = new Set<string>();
  const note = (wallet: string) => {
    if (!state.wallet(wallet)) unknown.add(wallet);
  };
  for (const { operations } of groups) {
    for (const { operation } of operations) {
      for (const wallet of walletsOf(operation, state)) note(wallet);
    }
  }
  if (unknown.size === 0) return;
  for (const account of await store.wallets([...unknown], known)) state.learnAccount(account);
}

/**
 * Whether assets and accounts have to be read again first: an operation names an unknown one, or opens a wallet in an asset that was retired
 * and may not be any more. So a new one is known at once, and a refusal is never older than the request.
 */
export function namesUnknown(state: BookState, groups: readonly Group[]): boolean {
  if (state.doubtsDefinitions) return true;
  for (const { operations } of groups) {
    for (const { operation } of operations) {
      if ('asset' in operation && operation.asset !== undefined && !state.knowsAsset(operation.asset)) return true;
      if (namedIn(operation).some((id) => !state.named(id))) return true;
      const opens = opensIn(operation, state);
      if (opens && (!state.knowsAsset(opens.asset) || state.isRetired(opens.asset))) return true;
    }
  }
  return false;
}

/** Only while nothing is in flight. A change that is reported during the reading may be later than what is read: it counts for the next. */
export async function lookUpDefinitions(store: Pick<BookStore, 'definitions'>, state: BookState): Promise<void> {
  state.doubtsDefinitions = false;
  state.learnDefinitions(await store.definitions());
}

/** The accounts of the chart that an operation names. */
function namedIn(operation: Operation): readonly string[] {
  // Written out, because this runs for each posting: nearly every operation names wallets and system accounts only.
  const named: string[] = [];
  const note = (id: string) => {
    if (isNamedId(id)) named.push(id);
  };
  if ('wallet' in operation) note(operation.wallet);
  if ('to' in operation) note(operation.to);
  if ('debit' in operation) note(idIn(operation.debit));
  if ('credit' in operation) note(idIn(operation.credit));
  return named;
}

/** Empty for a system account. */
function idIn(ref: AccountRef): string {
  if ('wallet' in ref) return ref.wallet;
  return 'named' in ref ? ref.named : '';
}

/** The wallet that an operation opens, after the look-up of those that exist. */
function opensIn(operation: Operation, state: BookState): WalletSpec | undefined {
  if (operation.kind === 'open') return operation.opens;
  const credit = 'credit' in operation && 'wallet' in operation.credit ? operation.credit : null;
  return credit && !state.wallet(credit.wallet) ? credit.opens : undefined;
}

/** Every wallet that the decision of an operation may read. */
export function walletsOf(operation: Operation, state: BookState): string[] {
  if (operation.kind === 'reversal') {
    const entry = state.original(operation.reverses)?.entry;
    return [operation.initiator, entry?.debit?.id, entry?.credit?.id].filter(
      (id) => id !== undefined && !isSystemAccountId(id),
    ) as string[];
  }
  if (operation.kind === 'transfer_credit') return [operation.to];
  if ('ends' in operation) return operation.kind === 'transfer_return' ? [operation.from] : [];
  const named: string[] = [];
  if ('wallet' in operation) named.push(operation.wallet);
  const note = (ref: AccountRef) => {
    const id = idIn(ref);
    if (id !== '') named.push(id);
  };
  if ('debit' in operation) note(operation.debit);
  if ('credit' in operation) note(operation.credit);
  if (operation.kind === 'close' && operation.sweepTo && 'wallet' in operation.sweepTo) named.push(operation.sweepTo.wallet);
  return named;
}

/** Wallets that get their first limit and must have their spending counted before the decision. */
export function uncounted(state: BookState, groups: readonly Group[]): Account[] {
  const limited = groups
    .flatMap(({ operations }) => operations.map(({ operation }) => operation))
    .flatMap((operation) => (operation.kind === 'limit' && operation.limits ? [state.wallet(operation.wallet)] : []));
  return [...new Set(limited)].filter((account) => account !== undefined).filter(({ spent }) => spent === null);
}

/** What left them today and this month. Only while nothing is in flight: uncommitted amounts would be missing. */
export async function lookUpSpent(store: BookStore, state: BookState, accounts: readonly Account[], now: Date): Promise<void> {
  for (const account of accounts) {
    const { day, month } = await store.spent(account.number, new Date(startOfDay(now)), new Date(startOfMonth(now)));
    state.learnAccount({ ...account, spent: { at: now.getTime(), day, month } });
  }
}

/** Loads what the keys were used for, where memory does not know it. True when one was already used. */
export async function lookUpKeys(store: BookStore, state: BookState, groups: readonly Group[]): Promise<boolean> {
  const names: string[] = [];
  const scopes: number[] = [];
  const keys: string[] = [];
  for (const { operations } of groups) {
    for (const one of operations) {
      const { key } = one.operation;
      const initiator = initiatorOf(state, one.operation);
      if (!initiator || one.name === null || key === null || state.remembered(one)) continue;
      names.push(one.name);
      scopes.push(initiator.number);
      keys.push(storedKey(key, keyspaceOf(one.operation.actor)));
    }
  }
  if (keys.length === 0) return false;
  const found = await store.outcomes(scopes, keys);
  for (const { at, entry } of found) {
    const name = names[at - 1];
    assert(name !== undefined, 'an outcome belongs to a requested key');
    state.learnOutcome(name, entry);
  }
  return found.length > 0;
}

/**
 * Loads what keys were used for before the log stored their keyspaces: such a key has another name, so the unique index does not notice that
 * it was used. Costs a look-up per batch in a log that has such keys, and nothing in a newer one.
 */
async function lookUpSharedKeys(store: BookStore, state: BookState, groups: readonly Group[]): Promise<void> {
  if (state.sharedKeysUntil === 0) return;
  const wanted: { readonly name: string; readonly keyspace: Keyspace; readonly scope: number; readonly key: string }[] = [];
  for (const { operations } of groups) {
    for (const one of operations) {
      const { key, actor } = one.operation;
      const keyspace = keyspaceOf(actor);
      if (one.name === null || key === null || storedKey(key, keyspace) === key || state.remembered(one)) continue;
      const initiator = initiatorOf(state, one.operation);
      if (initiator) wanted.push({ name: one.name, keyspace, scope: initiator.number, key });
    }
  }
  if (wanted.length === 0) return;
  const found = await store.outcomes(
    wanted.map(({ scope }) => scope),
    wanted.map(({ key }) => key),
  );
  for (const { at, entry } of found) {
    const use = wanted[at - 1];
    assert(use, 'an outcome belongs to a requested key');
    if (entry.seq <= state.sharedKeysUntil && isInKeyspace(entry, use.keyspace)) state.learnOutcome(use.name, entry);
  }
}
