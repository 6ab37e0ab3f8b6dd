// Verifies a ledger from its database alone: re-derives everything that the log claims, from genesis on, and names the first row that does not fit.
export type { BookSummary, InvariantId, InvariantReport, VerifyReport, Violation } from './report.ts';
export { verify } from './verify.ts';
export type { Progress, VerifyOptions } from './verify.ts';
