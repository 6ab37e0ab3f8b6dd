/**
 * The rules of each kind of operation: how it is decided, and what identifies its request. To add a kind, describe its operation and its
 * traits in types.ts, write its rules in a file of their own, and add a row here.
 */
import type { Content } from './content.ts';
import { controlContent, decideControl } from './control.ts';
import type { BookView, Decision } from './decision.ts';
import {
  captureContent,
  decideCapture,
  decideExpiry,
  decideHold,
  decideRelease,
  expiryContent,
  holdContent,
  releaseContent,
} from './hold.ts';
import { decideReversal, reversalContent } from './reversal.ts';
import { creditContent, debitContent, decideCredit, decideDebit, decideEnd, endContent } from './saga.ts';
import { decideTransfer, transferContent } from './transfer.ts';
import type { OpenOperation, Operation } from './types.ts';

/** An opening is different: it has no sides (accounts.ts, digest.ts). */
export type Moving = Exclude<Operation, OpenOperation>;

/** Methods, so that the row of a kind can be called with an operation of that kind. */
type Rules<Ruled extends Moving> = {
  decide(book: BookView, operation: Ruled, now: Date): Decision;
  content(operation: Ruled): Content;
};

/** The operation with a kind; several kinds may share one. */
type OperationOf<Kind, One = Moving> = One extends { readonly kind: infer Kinds } ? (Kind extends Kinds ? One : never) : never;

const transfer = { decide: decideTransfer, content: transferContent };
const end = { decide: decideEnd, content: endContent };
const control = { decide: decideControl, content: controlContent };

const rules: { readonly [Kind in Moving['kind']]: Rules<OperationOf<Kind>> } = {
  issue: transfer,
  burn: transfer,
  deposit: transfer,
  withdrawal: transfer,
  topup: transfer,
  spend: transfer,
  transfer,
  transfer_debit: { decide: decideDebit, content: debitContent },
  transfer_credit: { decide: decideCredit, content: creditContent },
  transfer_complete: end,
  transfer_return: end,
  hold: { decide: decideHold, content: holdContent },
  capture: { decide: decideCapture, content: captureContent },
  release: { decide: decideRelease, content: releaseContent },
  expire: { decide: decideExpiry, content: expiryContent },
  reversal: { decide: decideReversal, content: reversalContent },
  freeze: control,
  unfreeze: control,
  close: control,
  limit: control,
  credit_line: control,
};

export function rulesOf({ kind }: Moving): Rules<Moving> {
  return rules[kind];
}

export function contentOf(operation: Moving): Content {
  return rulesOf(operation).content(operation);
}
