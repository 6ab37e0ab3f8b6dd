// The one table of problems: each code with its status over both transports, its title, its sentences and its remedy.
export { fraudProblems, requestProblems, webhookProblems } from './contexts.ts';
export { gatewayProblems } from './gateway.ts';
export { identityProblems } from './identity.ts';
export { ledgerProblems, walletProblems } from './ledger.ts';
export { outageOf } from './outages.ts';
export type { Facts, ProblemRow } from './row.ts';
export { documentationOf, explain, explainRefusal, problemTable, templateOfProblem } from './table.ts';
export type { ProblemCode } from './table.ts';
