/**
 * Drives a transfer by saga from its recorded state to its end. Each step is derived from the log alone and has one key, so any process may
 * do this at any time, repeatedly and concurrently: a later attempt gets the recorded outcome.
 */
import { assert } from '../../kernel/index.ts';
import { bookOfWallet, creditKey, creditOf, endKey, endOf, operationId, sagaDetails } from '../../ledger/index.ts';
import type { Ledger, ReadableLedger, RecordedEntry, Refusal } from '../../ledger/index.ts';

/** The progress of a transfer, with its recorded entries: the decision of the recipient's book, and the end. */
export type SagaState = {
  readonly status: 'debited' | 'completed' | 'compensated';
  readonly credit: RecordedEntry | null;
  readonly end: RecordedEntry | null;
};

/** `debit`: the posted first step. Throws the ledger's errors when a book cannot be reached; the transfer then continues later. */
export async function drive(ledger: Ledger, debit: RecordedEntry): Promise<SagaState> {
  const operation = creditOf(debit);
  const { entry: credit } = await ledger.post(operation, recipientsBook(ledger, debit));
  // The next step needs a recorded decision: otherwise the other book could decide differently next time.
  assert(credit, `the recipient's book remembers its decision about transfer ${operation.transfer}`);
  const ended = await ledger.post(endOf(debit, credit), debit.book);
  assert(ended.status === 'posted', `transfer ${operation.transfer} ends as its credit decided`);
  return { status: statusOf(ended.entry), credit, end: ended.entry };
}

/** The currently recorded state. */
export async function stateOf(ledger: Pick<ReadableLedger, 'books' | 'read'>, debit: RecordedEntry): Promise<SagaState> {
  const recipients = ledger.read.in({ book: recipientsBook(ledger, debit) });
  // The end first: everything before it is recorded earlier.
  const end = await ledger.read.in(debit).sagaStep(endKey(debit.seq));
  const credit = await recipients.sagaStep(creditKey(operationId(debit)));
  return { status: end ? statusOf(end) : 'debited', credit, end };
}

/** Why the money was returned; null for any other state. */
export function refusalIn({ status, credit }: SagaState): Refusal | null {
  return status === 'compensated' ? (credit?.refusal ?? null) : null;
}

/** The wallet beyond transit, for an entry that moves money into it or out of it: the other side, from a reader's view. Null for others. */
export function walletBeyondTransit(entry: RecordedEntry): string | null {
  const { from, to } = sagaDetails(entry);
  return (entry.kind === 'transfer_credit' ? from : to) ?? null;
}

/** The book that decides about a transfer. */
export function recipientsBook({ books }: Pick<ReadableLedger, 'books'>, debit: RecordedEntry): number {
  return bookOfWallet(sagaDetails(debit).to ?? '', books.length);
}

function statusOf(end: RecordedEntry): SagaState['status'] {
  return end.kind === 'transfer_complete' ? 'completed' : 'compensated';
}
