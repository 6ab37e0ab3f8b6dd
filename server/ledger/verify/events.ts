/** Which events an entry must have: the verifier's own rule, written apart from the view that derives them. */
import type { AccountState } from './accounts.ts';
import type { LogRow } from './rows.ts';

export type ExpectedEvent = { readonly type: string; readonly wallet: string | null };

const posted: Readonly<Record<string, readonly (readonly [type: string, side: 'debit' | 'credit'])[]>> = {
  deposit: [['FundsDeposited', 'credit']],
  topup: [['FundsToppedUp', 'credit']],
  issue: [['FundsIssued', 'credit']],
  withdrawal: [['FundsWithdrawn', 'debit']],
  spend: [['FundsSpent', 'debit']],
  transfer: [
    ['TransferInitiated', 'debit'],
    ['TransferDebited', 'debit'],
    ['TransferCredited', 'credit'],
    ['TransferCompleted', 'debit'],
  ],
};

const refused: Readonly<Record<string, readonly string[]>> = {
  open: ['WalletCreationFailed'],
  deposit: ['DepositFailed'],
  topup: ['TopUpFailed'],
  issue: ['IssueFailed'],
  withdrawal: ['WithdrawalFailed'],
  spend: ['SpendFailed'],
  transfer: ['TransferInitiated', 'TransferFailed'],
};

export function expectedEvents(row: LogRow, account: (number: number | null) => AccountState | undefined): readonly ExpectedEvent[] {
  if (row.refusal !== null) {
    const initiator = account(row.scope)?.id ?? null;
    return (refused[row.kind] ?? []).map((type) => ({ type, wallet: initiator }));
  }
  if (row.kind === 'open') {
    const opened = account(row.creditAccount);
    return opened?.kind === 'wallet' ? [{ type: 'WalletCreated', wallet: opened.id }] : [];
  }
  const sides = { debit: account(row.debitAccount)?.id ?? null, credit: account(row.creditAccount)?.id ?? null };
  return (posted[row.kind] ?? []).map(([type, side]) => ({ type, wallet: sides[side] }));
}
