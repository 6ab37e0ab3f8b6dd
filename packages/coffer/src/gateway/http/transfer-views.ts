/** A transfer with its steps: what happened, where and when. */
import type { Static } from 'typebox';
import { operationId } from '../../ledger/index.ts';
import type { Assets, RecordedEntry } from '../../ledger/index.ts';
import { oneOf, OperationId, ref, Seq, strict, Timestamp } from '../../operations/index.ts';
import type { OperationRead, Reader } from '../../wallets/index.ts';
import { explainRefusal } from '../problems/index.ts';
import { Failure, operationProperties, presentOperation } from './operation-views.ts';
import Type from 'typebox';

const TransferStep = Type.Object(
  {
    step: oneOf('initiated', 'debited', 'credited', 'completed', 'compensated', 'failed'),
    status: oneOf('done', 'refused'),
    at: Timestamp,
    book: Type.Integer({ minimum: 1 }),
    seq: Seq,
    id: OperationId,
    refusal: Type.Optional(ref(Failure)),
  },
  { $id: 'TransferStep', ...strict, description: 'refusal: why the recipient could not be credited, or the transfer failed' },
);

export const TransferView = Type.Object(
  {
    ...operationProperties,
    status: oneOf('debited', 'completed', 'compensated', 'refused'),
    mode: oneOf('atomic', 'saga'),
    steps: Type.Array(ref(TransferStep)),
  },
  {
    $id: 'Transfer',
    ...strict,
    description:
      "debited: the amount has left the sender and the transfer continues automatically; compensated: the recipient's side refused it and the amount was returned; refused: the amount never left. completedAt is null until the transfer ends",
  },
);

export const transferSchemas = [TransferStep, TransferView];

type Step = Static<typeof TransferStep>;

export function presentTransfer(found: OperationRead, assets: Assets, reader: Reader): Static<typeof TransferView> {
  const { entry } = found;
  const isSaga = entry.kind === 'transfer_debit';
  return { ...presentOperation(found, assets, reader), mode: isSaga ? 'saga' : 'atomic', steps: stepsOf(found, assets) };
}

function stepsOf({ entry, saga }: OperationRead, assets: Assets): Step[] {
  if (entry.refusal) return [done('initiated', entry), refused('failed', entry, assets)];
  if (!saga) return (['initiated', 'debited', 'credited', 'completed'] as const).map((step) => done(step, entry));
  const { credit, end } = saga;
  const steps = [done('initiated', entry), done('debited', entry)];
  if (credit) steps.push(credit.refusal ? refused('credited', credit, assets) : done('credited', credit));
  if (end?.kind === 'transfer_complete') steps.push(done('completed', end));
  if (end?.kind === 'transfer_return' && credit)
    steps.push(done('compensated', end), { ...refused('failed', credit, assets), ...placeOf(end), status: 'done' });
  return steps;
}

function done(step: Step['step'], entry: RecordedEntry): Step {
  return { step, status: 'done', ...placeOf(entry) };
}

function refused(step: Step['step'], entry: RecordedEntry, assets: Assets): Step {
  return { step, status: 'refused', ...placeOf(entry), ...(entry.refusal && { refusal: explainRefusal(entry.refusal, entry, assets) }) };
}

function placeOf(entry: RecordedEntry): Pick<Step, 'at' | 'book' | 'seq' | 'id'> {
  return { at: entry.recordedAt.toISOString(), book: entry.book, seq: entry.seq, id: operationId(entry) };
}
