/**
 * Drives a transfer by saga from what is on record of it to its end. Each step is made of the log alone and has one key, so anybody may do
 * this at any time, any number of times and several at once: whoever comes second is told what is on record.
 */
import { assert } from '../../kernel/index.ts';
import {
  bookOfWallet,
  creditKey,
  creditOf,
  endKey,
  endOf,
  isOutage,
  LedgerHalted,
  LedgerOverloaded,
  LedgerUnavailable,
  operationId,
  sagaDetails,
} from '../../ledger/index.ts';
import type { Ledger, RecordedEntry, Refusal } from '../../ledger/index.ts';

/** How far a transfer has come, with what is on record of it: what the recipient's book decided, and how it ended. */
export type SagaState = {
  readonly status: 'debited' | 'completed' | 'compensated';
  readonly credit: RecordedEntry | null;
  readonly end: RecordedEntry | null;
};

/** `debit`: the posted first step. Throws what the ledger throws when a book cannot be reached: then it goes on later. */
export async function drive(ledger: Ledger, debit: RecordedEntry): Promise<SagaState> {
  const asked = creditOf(debit);
  const { entry: credit } = await ledger.post(asked, recipientsBook(ledger, debit));
  // Nothing may follow from what is not on record: the other book could decide otherwise next time.
  assert(credit, `the recipient's book remembers what it decided about transfer ${asked.transfer}`);
  const ended = await ledger.post(endOf(debit, credit), debit.book);
  assert(ended.status === 'posted', `transfer ${asked.transfer} ends as its credit says`);
  return { status: statusOf(ended.entry), credit, end: ended.entry };
}

/** What is on record by now. */
export async function stateOf(ledger: Ledger, debit: RecordedEntry): Promise<SagaState> {
  const recipients = ledger.read.in({ book: recipientsBook(ledger, debit) });
  // The end first: what it follows from is on record before it.
  const end = await ledger.read.in(debit).sagaStep(endKey(debit.seq));
  const credit = await recipients.sagaStep(creditKey(operationId(debit)));
  return { status: end ? statusOf(end) : 'debited', credit, end };
}

/** Why the money came back; null for any other state. */
export function refusalIn({ status, credit }: SagaState): Refusal | null {
  return status === 'compensated' ? (credit?.refusal ?? null) : null;
}

/** The wallet beyond transit, of an entry that moves money into it or out of it: what a reader takes for the other side. Null for others. */
export function walletBeyondTransit(entry: RecordedEntry): string | null {
  const { from, to } = sagaDetails(entry);
  return (entry.kind === 'transfer_credit' ? from : to) ?? null;
}

/** A book that cannot be reached now, or is stopped: the transfer stays where it is. */
export function isAway(failure: unknown): boolean {
  return (
    failure instanceof LedgerUnavailable || failure instanceof LedgerOverloaded || failure instanceof LedgerHalted || isOutage(failure)
  );
}

/** The book that decides about a transfer. */
export function recipientsBook({ books }: Ledger, debit: RecordedEntry): number {
  return bookOfWallet(sagaDetails(debit).to ?? '', books.length);
}

function statusOf(end: RecordedEntry): SagaState['status'] {
  return end.kind === 'transfer_complete' ? 'completed' : 'compensated';
}
