/** The table: the contexts' closed lists of codes, each with its row, and the gateway's own. */
import type { OperationRefusal, OperationRefusalCode } from '../../operations/index.ts';
import { visibleRefusal } from '../../visibility/index.ts';
import type { AssetNames } from '../../visibility/index.ts';
import { approvalProblems } from './approvals.ts';
import { assetProblems, chartProblems, fraudProblems, requestProblems, webhookProblems } from './contexts.ts';
import { gatewayProblems } from './gateway.ts';
import { identityProblems } from './identity.ts';
import { ledgerProblems, systemAccountRemedy, walletProblems } from './ledger.ts';
import { sentencesOf, templateOf } from './row.ts';
import type { Facts, ProblemRow } from './row.ts';

const parts = {
  ...ledgerProblems,
  ...walletProblems,
  ...identityProblems,
  ...assetProblems,
  ...chartProblems,
  ...requestProblems,
  ...approvalProblems,
  ...fraudProblems,
  ...webhookProblems,
  ...gatewayProblems,
};

export type ProblemCode = keyof typeof parts;
export const problemTable: Readonly<Record<ProblemCode, ProblemRow>> = parts;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(parts, code);
}

/** What a caller reads of a problem; the same over both transports. */
export function explain(code: ProblemCode, facts: Facts = {}): string {
  return sentencesOf(problemTable[code], facts);
}

/** The same for documentation, with `‹name›` in place of each fact. */
export function templateOfProblem(code: ProblemCode): string {
  return templateOf(problemTable[code], {});
}

type Recorded = { readonly book: number } | null;
export type ExplainedRefusal = { readonly code: OperationRefusalCode; readonly detail: string; readonly facts: Facts };

/**
 * The same for a refusal of the ledger or the wallets, without revealing what a system account holds. `entry`: the entry that
 * recorded it, if any.
 */
export function explainRefusal(refusal: OperationRefusal, entry: Recorded, assets: AssetNames): ExplainedRefusal {
  const { code, facts, instead } = visibleRefusal(refusal, entry && entry.book, assets);
  return { code, facts, detail: instead === null ? explain(code, facts) : `${instead} ${systemAccountRemedy}` };
}

/** The same without the remedy. */
export function describeRefusal(refusal: OperationRefusal, entry: Recorded, assets: AssetNames): string {
  const { code, facts, instead } = visibleRefusal(refusal, entry && entry.book, assets);
  return instead ?? sentencesOf({ ...problemTable[code], remedy: '' }, facts);
}

/** Where the code is documented, relative to the root of this repository. */
export function documentationOf(code: ProblemCode): string {
  return `docs/reference/refusals.md#${code}`;
}
