// The ledger: one append-only, hash-chained log of transfers per book, and the only way to append to it.
// Inside: rules (pure) <- chain <- reading <- posting <- books, and verify, which trusts none of them.
export type { Asset, AssetRefusal, Assets } from './assets/assets.ts';
export { assetKinds, assetNameLengthMax, assetScaleMax } from './assets/rules.ts';
export type { AssetChange, AssetKind, NewAsset } from './assets/rules.ts';
export type { Chart, ChartAccount, ChartRefusal, WantedAccount } from './chart/chart.ts';
export { accountIdLengthMax, accountIdPattern, accountTypes, isSystemKind, systemAccounts, walletsName } from './chart/rules.ts';
export type { AccountChange, AccountType, NewAccount } from './chart/rules.ts';
export { beginEpoch, findLosses } from './chain/accept-loss.ts';
export type { Loss } from './chain/accept-loss.ts';
export { knownHeads, ledgerIdOf } from './chain/identity.ts';
export { forgetCheckpoints, readCheckpoints, readHeads, recordCheckpoint, startCheckpoints } from './chain/checkpoints.ts';
export type { Checkpoint, CheckpointOptions } from './chain/checkpoints.ts';
export { isSameBand } from './chain/epochs.ts';
export { bookOfOwner, bookOfWallet } from './books/placement.ts';
export { formatPositions, parsePositions } from './books/positions.ts';
export type { EventPage } from './books/reader.ts';
export { entryColumns } from './columns.ts';
export { openLedger, openLedgerReader, operationId, parseOperationId } from './ledger.ts';
export type { Ledger, LedgerOptions, ReadableLedger } from './ledger.ts';
export { readBooks } from './ownership/index.ts';
export type { OwnedBook, PeerOptions } from './ownership/index.ts';
export type { KnownHead } from './posting/history.ts';
export type { BookFault, BookStatus, LedgerObserver } from './posting/observer.ts';
export { LedgerBehind, LedgerHalted, LedgerOverloaded, LedgerUnavailable, isLedgerOutage, isOutage, orUnknown } from './posting/outages.ts';
export { accountsOfOwner, accountsOfWallets, readEntries, readHolds, seqsByKey } from './reading/found.ts';
export type { FoundEntry, SeqRange } from './reading/found.ts';
export { controlsFromText, hasEntry } from './reading/rows.ts';
export type { AccountTotal, Period } from './reading/totals.ts';
export type { Closing } from './reading/closings.ts';
export type { BegunTransfer } from './reading/begun.ts';
export { eventsPerEntryMax } from './reading/events.ts';
export type { EntryShape, LedgerEvent } from './reading/events.ts';
export type { Balance, BookReader, HoldRead, KindTotal, PastBalance } from './reading/reads.ts';
export { availableOf, isAccountId, isNamedId, isSystemAccountId, maximumAmount, namedId, systemAccountId } from './rules/accounts.ts';
export { initiatorId, prepare as outcomeOf } from './rules/prepared.ts';
export { refusalCodes } from './rules/refusals.ts';
export { entryKinds } from './rules/types.ts';
export { internalKey, isInternalKey } from './rules/internal-keys.ts';
export { initiatorOf } from './rules/initiator.ts';
export { callersKey, isInKeyspace, keyspaceOf, keyspaces, storedKey } from './rules/keyspaces.ts';
export type { Keyspace } from './rules/keyspaces.ts';
export { creditKey, creditOf, endKey, endOf, sagaDetails } from './rules/saga-steps.ts';
export type { Refusal, RefusalCode } from './rules/refusals.ts';
export type {
  Account,
  AccountKind,
  AccountRef,
  CaptureOperation,
  ControlChange,
  ControlOperation,
  Controls,
  EntryKind,
  Hold,
  HoldOperation,
  Limits,
  OpenOperation,
  Operation,
  Outcome,
  PostedSide,
  RecordedEntry,
  ReleaseOperation,
  ReversalOperation,
  SagaKind,
  SideStatus,
  Sides,
  SystemKind,
  TransferDebitOperation,
  TransferKind,
  TransferOperation,
  WalletSpec,
} from './rules/types.ts';
export { verify } from './verify/index.ts';
export type { BookSummary, InvariantId, InvariantReport, Progress, VerifyOptions, VerifyReport, Violation } from './verify/index.ts';
