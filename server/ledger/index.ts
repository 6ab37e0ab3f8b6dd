// The ledger: one append-only, hash-chained log of transfers per book, and the only way to add to it.
export type { Asset, Assets } from './assets.ts';
export { forgetCheckpoints, readCheckpoints, startCheckpoints } from './checkpoints.ts';
export type { Checkpoint, CheckpointOptions } from './checkpoints.ts';
export { openLedger, operationId, seqOfOperationId } from './ledger.ts';
export type { Ledger, LedgerOptions } from './ledger.ts';
export { LedgerHalted, LedgerOverloaded, LedgerUnavailable, isOutage } from './outages.ts';
export type { Balance, KindTotal, LedgerEvent } from './reads.ts';
export { refusalMeanings } from './refusals.ts';
export type { Refusal, RefusalCode } from './refusals.ts';
export type {
  Account,
  AccountKind,
  AccountRef,
  EntryKind,
  OpenOperation,
  Operation,
  Outcome,
  PostedSide,
  RecordedEntry,
  SystemKind,
  TransferKind,
  TransferOperation,
  WalletSpec,
} from './types.ts';
export { verify } from './verify/index.ts';
export type { BookSummary, InvariantId, InvariantReport, Progress, VerifyOptions, VerifyReport, Violation } from './verify/index.ts';
