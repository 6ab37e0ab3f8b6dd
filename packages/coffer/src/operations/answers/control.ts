/** The answer to a control: the wallet's controls after it. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { controlsFromText } from '../../ledger/index.ts';
import type { Controls, Limits, PostedSide, SideStatus } from '../../ledger/index.ts';
import { decisionIn } from '../../visibility/index.ts';
import type { Answer } from '../definition.ts';
import { AmountText, amountText, oneOf, orNull, ref, strict } from '../schemas.ts';
import { doneProperties, presentDone } from './posting.ts';

export const Passage = oneOf('active', 'frozen', 'closed');
export const sidesProperties = {
  debits: Type.Unsafe<Static<typeof Passage>>({ ...Passage, description: 'whether money may leave the wallet' }),
  credits: Type.Unsafe<Static<typeof Passage>>({ ...Passage, description: 'whether money may enter the wallet' }),
};

export const limitProperties = { perTransfer: orNull(AmountText), perDay: orNull(AmountText), perMonth: orNull(AmountText) };

/** Limits after an operation. */
const LimitsView = Type.Object(limitProperties, {
  $id: 'Limits',
  ...strict,
  description: 'the most that may leave the wallet; days and months are in UTC',
});

export const Counterparty = Type.Object(
  {
    kind: Type.String({
      description: 'wallet, account (one of the chart), or the built-in account: treasury, cash_in, cash_out …',
      examples: ['wallet'],
    }),
    walletId: orNull(Type.String({ description: 'for a wallet' })),
    accountId: Type.Optional(Type.String({ description: 'for an account of the chart (kind account); hidden from users' })),
  },
  { $id: 'Counterparty', ...strict },
);

const ControlView = Type.Object(
  {
    ...doneProperties,
    status: Type.Literal('completed'),
    ...sidesProperties,
    limits: Type.Optional(ref(LimitsView)),
    creditLimit: amountText('how far below zero the wallet may go'),
    sweptAmount: Type.Optional(amountText('the amount that closing moved out of the wallet')),
    sweptTo: Type.Optional(ref(Counterparty)),
    reason: Type.String(),
    actor: Type.String({ description: 'the actor who decided it' }),
  },
  {
    $id: 'Control',
    ...strict,
    description: 'limits is absent for a wallet without limits; sweptAmount and sweptTo are absent where nothing was swept',
  },
);
export const controlSchemas = [LimitsView, Counterparty, ControlView];

export const control: Answer = {
  schema: ControlView,
  present({ entry }, { assets }): Static<typeof ControlView> {
    const { controls: text, debit, amount, credit } = entry;
    const decision = decisionIn(entry);
    assert(text !== null && debit && decision, 'a control names its wallet, the resulting controls, the actor and the reason');
    const controls = controlsFromText(text);
    return {
      ...presentDone(entry, assets),
      status: 'completed',
      ...presentSides(controls),
      ...(controls.limits && { limits: presentLimits(controls.limits) }),
      creditLimit: (-(debit.floor ?? 0n)).toString(),
      ...(amount !== null && credit && { sweptAmount: amount.toString(), sweptTo: presentCounterparty(credit) }),
      reason: decision.reason,
      actor: decision.actor,
    };
  },
};

export function presentCounterparty(side: PostedSide): Static<typeof Counterparty> {
  return side.kind === 'wallet' ? { kind: 'wallet', walletId: side.id } : { kind: side.kind, walletId: null };
}

export function presentSides({ debits, credits }: Controls): { debits: Static<typeof Passage>; credits: Static<typeof Passage> } {
  return { debits: presentPassage(debits), credits: presentPassage(credits) };
}

export function presentPassage(status: SideStatus): Static<typeof Passage> {
  return status === 'open' ? 'active' : status;
}

export function presentLimits({ perTransfer, perDay, perMonth }: Limits): Static<typeof LimitsView> {
  const text = (limit: bigint | null) => (limit === null ? null : limit.toString());
  return { perTransfer: text(perTransfer), perDay: text(perDay), perMonth: text(perMonth) };
}
