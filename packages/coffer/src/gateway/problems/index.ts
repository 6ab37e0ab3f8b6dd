// The one table of problems: for each code its status over both transports, its title, detail and remedy.
export { approvalProblems } from './approvals.ts';
export { assetProblems, chartProblems, fraudProblems, requestProblems, webhookProblems } from './contexts.ts';
export { gatewayProblems } from './gateway.ts';
export { identityProblems } from './identity.ts';
export { ledgerProblems, walletProblems } from './ledger.ts';
export { outageOf } from './outages.ts';
export { itemName } from './row.ts';
export type { Facts, ProblemRow } from './row.ts';
export { describeRefusal, documentationOf, explain, explainRefusal, isProblemCode, problemTable, templateOfProblem } from './table.ts';
export type { ProblemCode } from './table.ts';
