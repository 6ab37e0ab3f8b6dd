// Find: operations, holds and wallets by what is known of them, through a projection of the log that may be behind.
export { cursorPattern } from './cursors.ts';
export { operationTypes, wordsIn } from './facts.ts';
export { holdStates, operationStates } from './filter.ts';
export type { HoldState, OperationFilter, OperationState } from './filter.ts';
export { Find } from './find.ts';
export type { FoundPage, PageRequest, Refused } from './operations.ts';
export type { AsOf } from './progress.ts';
export { findProjection } from './projection.ts';
export { walletSorts } from './wallets.ts';
export type { WalletFilter, WalletSort } from './wallets.ts';
export { walletStates } from './wallet-store.ts';
