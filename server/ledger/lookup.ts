/** Brings in what deciding needs and memory lacks: the wallets, then what their keys were used for. */
import { initiatorOf } from "./decide.ts";
import type { BookState } from "./state.ts";
import type { BookStore } from "./store.ts";
import type { AccountRef, Operation } from "./types.ts";

export async function lookUp(store: BookStore, state: BookState, requests: readonly { readonly operations: readonly Operation[] }[]): Promise<void> {
  const unknownWallets = new Set<string>();
  for (const { operations } of requests) {
    for (const operation of operations) {
      if (operation.kind === "open") noteUnknown(operation.wallet);
      else {
        noteUnknownSide(operation.debit);
        noteUnknownSide(operation.credit);
      }
    }
  }
  if (unknownWallets.size > 0) for (const account of await store.wallets([...unknownWallets])) state.learnAccount(account);

  const scopes: number[] = [];
  const keys: string[] = [];
  for (const { operations } of requests) {
    for (const operation of operations) {
      if (operation.keyIsFresh) continue;
      const initiator = initiatorOf(state, operation);
      if (!initiator || state.remembered(initiator.number, operation.key)) continue;
      scopes.push(initiator.number);
      keys.push(operation.key);
    }
  }
  if (keys.length > 0) for (const entry of await store.outcomes(scopes, keys)) state.learnOutcome(entry);

  function noteUnknown(wallet: string): void {
    if (!state.wallet(wallet)) unknownWallets.add(wallet);
  }
  function noteUnknownSide(ref: AccountRef): void {
    if ("wallet" in ref) noteUnknown(ref.wallet);
  }
}
