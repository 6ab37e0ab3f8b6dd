/** The events that an entry must have: the verifier's own rule, independent of the view that derives them. */
import type { AccountState } from './account-state.ts';
import { kindOf } from './kinds.ts';
import type { LogRow } from './rows.ts';
import { sagaIn } from './sagas.ts';

export type ExpectedEvent = { readonly part: number; readonly type: string; readonly wallet: string | null };

export function expectedEvents(row: LogRow, account: (number: number | null) => AccountState | undefined): readonly ExpectedEvent[] {
  if (row.refusal !== null) {
    const initiator = row.kind === 'transfer_credit' ? (sagaIn(row).to ?? null) : (account(row.scope)?.id ?? null);
    const types = row.kind === 'open' ? ['WalletCreationFailed'] : (kindOf(row)?.refused ?? []);
    return types.map((type, at) => ({ part: at + 1, type, wallet: initiator }));
  }
  if (row.kind === 'open') {
    const opened = account(row.creditAccount);
    return opened?.kind === 'wallet' ? [{ part: 1, type: 'WalletCreated', wallet: opened.id }] : [];
  }
  const sides = { debit: account(row.debitAccount), credit: account(row.creditAccount), scope: account(row.scope) };
  const events: ExpectedEvent[] = [];
  for (const [at, [type, side, only]] of (kindOf(row)?.events ?? []).entries()) {
    if (side === 'sender') {
      events.push({ part: at + 1, type, wallet: sagaIn(row).from ?? null });
      continue;
    }
    const account = sides[side];
    if (only === undefined || account?.kind === only) events.push({ part: at + 1, type, wallet: account?.id ?? null });
  }
  return events;
}
