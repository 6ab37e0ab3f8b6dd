// Verifies a ledger from its database alone: derives everything that the log claims again, from genesis on, and names the first row that is
// inconsistent.
export type { BookSummary, InvariantId, InvariantReport, VerifyReport, Violation } from './report.ts';
export { verify } from './verify.ts';
export type { Progress, VerifyOptions } from './verify.ts';
