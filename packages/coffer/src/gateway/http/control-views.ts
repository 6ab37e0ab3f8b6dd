/** What operators decided about a wallet, as an answer: the wallet's controls as the decision left them. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { controlsFromText } from '../../ledger/index.ts';
import type { Assets, RecordedEntry } from '../../ledger/index.ts';
import { Counterparty, decidedIn, presentCounterparty } from './operation-views.ts';
import { doneProperties, presentDone } from './postings.ts';
import { ref, strict } from './schemas.ts';
import { LimitsView, presentLimits, presentSides, sidesProperties } from './wallet-views.ts';

export const ControlView = Type.Object(
  {
    ...doneProperties,
    status: Type.Literal('completed'),
    ...sidesProperties,
    limits: Type.Optional(ref(LimitsView)),
    creditLimit: Type.String({ description: 'how far below zero the wallet may go' }),
    sweptAmount: Type.Optional(Type.String({ description: 'what closing moved out of the wallet' })),
    sweptTo: Type.Optional(ref(Counterparty)),
    reason: Type.String(),
    actor: Type.String({ description: 'who decided it' }),
  },
  {
    $id: 'Control',
    ...strict,
    description: 'limits is missing for a wallet that has none, sweptAmount and sweptTo where nothing was swept',
  },
);
export const controlSchemas = [ControlView];

export function presentControl(entry: RecordedEntry, assets: Assets): Static<typeof ControlView> {
  const { controls: text, debit, amount, credit } = entry;
  const decided = decidedIn(entry);
  assert(text !== null && debit && decided, 'a control says of which wallet, what it left, who decided it and why');
  const controls = controlsFromText(text);
  return {
    ...presentDone(entry, assets),
    status: 'completed',
    ...presentSides(controls),
    ...(controls.limits && { limits: presentLimits(controls.limits) }),
    creditLimit: (-(debit.floor ?? 0n)).toString(),
    ...(amount !== null && credit && { sweptAmount: amount.toString(), sweptTo: presentCounterparty(credit) }),
    reason: decided.reason,
    actor: decided.actor,
  };
}
