// The API audit: who asked for what, when, and what became of it; written beside the requests, never in their way.
export { AuditTrail } from './trail.ts';
export type { AuditCounts, AuditOptions } from './trail.ts';
export type { Audited } from './types.ts';
export type { AuditFilter, AuditRow } from './reading.ts';
