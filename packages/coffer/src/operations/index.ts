// Operations: everything that can be done with money, one file each; table.ts lists them all, and the transports derive from it.
export { guarded, unguarded } from './access.ts';
export type { Rule } from './access.ts';
export { holdProperties, HoldStatus } from './answers/authorization.ts';
export {
  Counterparty,
  limitProperties,
  Passage,
  presentCounterparty,
  presentLimits,
  presentPassage,
  presentSides,
  sidesProperties,
} from './answers/control.ts';
export { AccountAfter, presentAccount, presentAccountAfter } from './answers/account-after.ts';
export { AskedAmount, idAt, presentRequested, presentAsset, presentAvailable } from './answers/posting.ts';
export { approvalStates, ownersAmong } from './approval.ts';
export type { Approvals, ApprovalState, NewApproval } from './approval.ts';
export type { ApprovalPolicy, MakerKind } from './approval-policy.ts';
export { batchSizeMax } from './batch.ts';
export type { CloseAllRequest } from './closing.ts';
export { createCommands } from './commands.ts';
export type { BatchItem, Commands } from './commands.ts';
export type { Definition, Subject } from './definition.ts';
export { isIdempotencyKey, keyLengthMax } from './idempotency.ts';
export {
  callersTerms,
  clearanceOf,
  destinationIn,
  entryIdIn,
  InvalidInput,
  ownerIn,
  reasonIn,
  refuse,
  requiredMomentIn,
  textIn,
  walletIn,
  wordIn,
} from './input.ts';
export type { Caller, Input, Values } from './input.ts';
export { metadataMistake } from './metadata.ts';
export type { OperationOutcome, OperationRefusal, OperationRefusalCode, OwnRefusalCode, PostedOutcome, RefusedOutcome } from './outcome.ts';
export type { Reviews } from './outward.ts';
export * from './schemas.ts';
export { requestOfText } from './stored-request.ts';
export { answerSchemas, definitions, operations } from './table.ts';
export type { CommandName, OperationName, RequestOf } from './table.ts';
export type { Destination, Terms, WalletMoneyRequest } from './terms.ts';
export { destinations, reasonLengthMax } from './terms.ts';
export type { Unit } from './terms.ts';
export { unitIn } from './units.ts';
export type { TransferMode, TransferRequest } from './transfer.ts';
