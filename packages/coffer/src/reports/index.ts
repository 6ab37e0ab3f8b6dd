// Reports for finance: trial balance, balance sheet and income statement, over all books.
export { Reports } from './reports.ts';
export type { AccountRead, AssetReport, Report, ReportLine, ReportSection, TrialBalance, TrialLine } from './reports.ts';
