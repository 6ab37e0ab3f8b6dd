/** Set limits: the most that may leave a wallet, per transfer, day and month of UTC. */
import Type from 'typebox';
import type { Limits } from '../ledger/index.ts';
import { guarded } from './access.ts';
import { control } from './answers/control.ts';
import { prepareControl } from './controls.ts';
import type { ControlRequest } from './controls.ts';
import { define } from './definition.ts';
import { decidedIn, limitIn, walletIn } from './input.ts';
import { decidedProperties, Limit, unitProperty } from './schemas.ts';

/** All three, each null for no limit. */
export type LimitsRequest = ControlRequest & { readonly limits: Limits };

export const setLimits = define({
  name: 'setLimits',
  description: 'Replaces the limits on what may leave a wallet; an omitted limit is removed',
  access: guarded('controls:write', 'never'),
  subject: 'walletId',
  fields: {
    perTransfer: Type.Optional(Limit),
    perDay: Type.Optional(Limit),
    perMonth: Type.Optional(Limit),
    ...unitProperty,
    ...decidedProperties,
  },
  rest: { method: 'PUT', path: '/wallet/:id/limits', tag: 'Controls', status: 200 },
  example: { parameters: { id: 'w1' }, body: { perDay: '1000000', reason: 'new customer' } },
  batchType: 'setLimits',
  grpc: { field: 'setLimits' },
  read: (input): LimitsRequest => ({
    ...decidedIn(input),
    wallet: walletIn(input),
    limits: { perTransfer: limitIn(input, 'perTransfer'), perDay: limitIn(input, 'perDay'), perMonth: limitIn(input, 'perMonth') },
  }),
  prepare(request) {
    const { perTransfer, perDay, perMonth } = request.limits;
    const isUnlimited = perTransfer === null && perDay === null && perMonth === null;
    return prepareControl(request, { kind: 'limit', limits: isUnlimited ? null : request.limits });
  },
  answer: control,
});
