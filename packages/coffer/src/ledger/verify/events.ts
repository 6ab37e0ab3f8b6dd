/** The events that an entry must have: the verifier's own rule, independent of the view that derives them. */
import type { AccountState } from './account-state.ts';
import type { LogRow } from './rows.ts';
import { sagaIn } from './sagas.ts';

export type ExpectedEvent = { readonly part: number; readonly type: string; readonly wallet: string | null };

/** The event's type and wallet; `sender` as a saga's step names it. With `only`, wallets alone: events do not cover system accounts. */
type EventRule = readonly [type: string, side: 'debit' | 'credit' | 'scope' | 'sender', only?: 'wallet'];

const posted: Readonly<Record<string, readonly EventRule[]>> = {
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
  transfer_debit: [
    ['TransferInitiated', 'debit'],
    ['TransferDebited', 'debit'],
  ],
  transfer_credit: [['TransferCredited', 'credit']],
  transfer_complete: [['TransferCompleted', 'sender']],
  transfer_return: [
    ['TransferCompensated', 'credit'],
    ['TransferFailed', 'credit'],
  ],
  hold: [['HoldAuthorized', 'debit']],
  capture: [
    ['HoldCaptured', 'debit'],
    ['CaptureCredited', 'credit', 'wallet'],
  ],
  release: [['HoldReleased', 'debit']],
  expire: [['HoldExpired', 'debit']],
  reversal: [
    ['OperationReversed', 'scope'],
    ['ReversalDebited', 'debit', 'wallet'],
    ['ReversalCredited', 'credit', 'wallet'],
  ],
  freeze: [['WalletFrozen', 'debit']],
  unfreeze: [['WalletUnfrozen', 'debit']],
  close: [
    ['WalletClosed', 'debit'],
    ['SweepCredited', 'credit', 'wallet'],
  ],
  limit: [['WalletLimitsChanged', 'debit']],
  credit_line: [['CreditLineChanged', 'debit']],
};

const refused: Readonly<Record<string, readonly string[]>> = {
  open: ['WalletCreationFailed'],
  deposit: ['DepositFailed'],
  topup: ['TopUpFailed'],
  issue: ['IssueFailed'],
  withdrawal: ['WithdrawalFailed'],
  spend: ['SpendFailed'],
  transfer: ['TransferInitiated', 'TransferFailed'],
  transfer_debit: ['TransferInitiated', 'TransferFailed'],
  transfer_credit: ['TransferCreditFailed'],
  hold: ['HoldFailed'],
  capture: ['CaptureFailed'],
  release: ['ReleaseFailed'],
  reversal: ['ReversalFailed'],
  freeze: ['FreezeFailed'],
  unfreeze: ['UnfreezeFailed'],
  close: ['CloseFailed'],
  limit: ['LimitChangeFailed'],
  credit_line: ['CreditLineChangeFailed'],
};

export function expectedEvents(row: LogRow, account: (number: number | null) => AccountState | undefined): readonly ExpectedEvent[] {
  if (row.refusal !== null) {
    const initiator = row.kind === 'transfer_credit' ? (sagaIn(row).to ?? null) : (account(row.scope)?.id ?? null);
    return (refused[row.kind] ?? []).map((type, at) => ({ part: at + 1, type, wallet: initiator }));
  }
  if (row.kind === 'open') {
    const opened = account(row.creditAccount);
    return opened?.kind === 'wallet' ? [{ part: 1, type: 'WalletCreated', wallet: opened.id }] : [];
  }
  const sides = { debit: account(row.debitAccount), credit: account(row.creditAccount), scope: account(row.scope) };
  const events: ExpectedEvent[] = [];
  for (const [at, [type, side, only]] of (posted[row.kind] ?? []).entries()) {
    if (side === 'sender') {
      events.push({ part: at + 1, type, wallet: sagaIn(row).from ?? null });
      continue;
    }
    const account = sides[side];
    if (only === undefined || account?.kind === only) events.push({ part: at + 1, type, wallet: account?.id ?? null });
  }
  return events;
}
