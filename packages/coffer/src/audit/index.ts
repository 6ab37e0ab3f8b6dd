// The API audit: who requested what, when, and with which outcome. It is written beside the requests and never delays them.
export { ChangeLog } from './change-log.ts';
export type { RecordedChange } from './change-log.ts';
export { eraseAuditedText, subjectsOf } from './erasing.ts';
export { inRecordedChange, recordChange } from './changes.ts';
export type { NewChange } from './changes.ts';
export { insertAudited } from './store.ts';
export { readAuditHeads, verifyAudit } from './verify.ts';
export type { AuditHead, AuditReport, AuditViolation } from './verify.ts';
export { AuditTrail } from './trail.ts';
export type { AuditCounts, AuditOptions } from './trail.ts';
export type { Audited } from './types.ts';
export type { AuditFilter, AuditRow } from './reading.ts';
