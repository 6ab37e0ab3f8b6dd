// Wallets: what callers know of the ledger. Deposit, withdraw, transfer, top up, spend; balances, history, stats.
export { WalletCommands } from './commands.ts';
export type { AssetReference, Request as WalletRequest, WalletOutcome } from './commands.ts';
export { isIdempotencyKey, keyLengthMax } from './idempotency.ts';
export { WalletQueries } from './queries.ts';
export type { Page, Reach, Wallet, WalletStats } from './queries.ts';
export { toldRefusal } from './refusals.ts';
export { isReservedForOwner, isWalletOf, ownedWalletId, walletIdPattern, walletIdRule } from './wallet-id.ts';
