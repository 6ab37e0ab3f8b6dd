// Wallets: the callers' view of the ledger's accounts: balances, history, holds, stats, and transfers in steps.
export type { HistoryFilter } from './history.ts';
export { entryOfOperation } from './operation-entry.ts';
export { WalletQueries } from './queries.ts';
export type { OperationRead, Page, PastWallet, Reader, Wallet, WalletHold, WalletStats } from './queries.ts';
export { amountNames, countedBy, incomingNames, statsRuleOf } from './stats.ts';
export type { AmountName, StoredTotals, TotalsStore, WalletTotals } from './stats.ts';
export { drive, refusalIn, stateOf, walletBeyondTransit } from './sagas/drive.ts';
export type { SagaState } from './sagas/drive.ts';
export { SagaResumer } from './sagas/resumer.ts';
export { isReservedForOwner, isWalletOf, ownedWalletId, walletIdPattern, walletIdRule } from './wallet-id.ts';
