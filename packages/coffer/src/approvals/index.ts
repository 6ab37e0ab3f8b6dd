// Approvals: operations that wait for a second person, the policies that ask for one, and the record of both.
export { eraseApprovalMetadata } from './erasing.ts';
export { Approvals } from './approvals.ts';
export { ApprovalRunner } from './runner.ts';
export type { AcceptedLater } from './runner.ts';
export { mayMake, neededFor } from './makers.ts';
export { changeOfText } from './policy-store.ts';
export { policyChanges } from './types.ts';
export type { Approval, ApprovalDecided, ApprovalRefusal } from './types.ts';
