/** The events that an entry must have, with everything in them, by the promises of the event log and not by its view. */
import { expect } from 'vitest';
import type { Model, ModelEntry } from './model.ts';

export type ExpectedEvent = { seq: number; part: number; type: string; wallet: string | null; data: Record<string, unknown> };

const named: Record<string, [done: string, failed: string]> = {
  deposit: ['FundsDeposited', 'DepositFailed'],
  topup: ['FundsToppedUp', 'TopUpFailed'],
  withdrawal: ['FundsWithdrawn', 'WithdrawalFailed'],
  spend: ['FundsSpent', 'SpendFailed'],
  issue: ['FundsIssued', 'IssueFailed'],
  open: ['WalletCreated', 'WalletCreationFailed'],
};

export function expectedEventData(book: number, entry: ModelEntry, model: Model): ExpectedEvent[] {
  const { seq, kind, debit, credit, asset, amount, key, metadata, refusal } = entry;
  const account = model.accounts.find(({ number }) => number === (credit?.number ?? -1));
  const common: Record<string, unknown> = { operation: `${book}-${entry.operation}` };
  if (key !== null) common['key'] = key;
  if (amount !== null) common['amount'] = String(amount);
  if (asset !== null) common['asset'] = asset;
  if (metadata !== null) common['metadata'] = JSON.parse(metadata);
  const event = (part: number, type: string, wallet: string | null, more: Record<string, unknown>): ExpectedEvent => ({
    seq,
    part,
    type,
    wallet,
    data: { ...common, ...more },
  });

  if (refusal) {
    const initiator = model.accounts.find(({ number }) => number === entry.scope)?.name ?? null;
    const types = kind === 'transfer' ? ['TransferInitiated', 'TransferFailed'] : [named[kind]?.[1] ?? ''];
    const asked: unknown = expect.anything();
    const facts = { refusal: refusal.code, facts: refusal.facts, asked };
    return types.map((type, at) => event(at + 1, type, initiator, facts));
  }
  if (kind === 'open') {
    if (account?.kind !== 'wallet') return [];
    return [
      event(1, 'WalletCreated', account.name, { ...(account.owner !== null && { owner: account.owner }), floor: String(account.floor) }),
    ];
  }
  if (kind === 'transfer' && debit && credit) {
    const pair = { from: debit.name, to: credit.name };
    return [
      event(1, 'TransferInitiated', debit.name, pair),
      event(2, 'TransferDebited', debit.name, { ...pair, balance: String(debit.balance), version: debit.version }),
      event(3, 'TransferCredited', credit.name, { ...pair, balance: String(credit.balance), version: credit.version }),
      event(4, 'TransferCompleted', debit.name, pair),
    ];
  }
  const side = ['withdrawal', 'spend'].includes(kind) ? debit : credit;
  return [event(1, named[kind]?.[0] ?? '', side?.name ?? null, { balance: String(side?.balance), version: side?.version })];
}
