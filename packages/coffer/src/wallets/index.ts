// Wallets: what callers know of the ledger. Money, holds, corrections, controls, batches; balances, history, stats.
export { destinations } from './asked.ts';
export type {
  AssetReference,
  BatchItem,
  Destination,
  MoneyRequest as WalletMoneyRequest,
  OpenRequest,
  RefusedOutcome,
  Request as WalletRequest,
  TransferMode,
  WalletOutcome,
} from './asked.ts';
export { batchSizeMax } from './batches.ts';
export { WalletCommands } from './commands.ts';
export { initiatorOf } from './corrections.ts';
export { expiresInSecondsMax } from './holds.ts';
export { isIdempotencyKey, keyLengthMax } from './idempotency.ts';
export { metadataMistake } from './metadata.ts';
export { WalletQueries } from './queries.ts';
export type { OperationRead, Page, PastWallet, Reach, Wallet, WalletHold, WalletStats } from './queries.ts';
export { amountNames, countedBy, statsRuleOf } from './stats.ts';
export type { AmountName, KeptTotals, TotalsKeeper, WalletTotals } from './stats.ts';
export { toldRefusal } from './refusals.ts';
export { drive, refusalIn, walletBeyondTransit } from './sagas/drive.ts';
export type { SagaState } from './sagas/drive.ts';
export { SagaResumer } from './sagas/resumer.ts';
export { isReservedForOwner, isWalletOf, ownedWalletId, walletIdPattern, walletIdRule } from './wallet-id.ts';
