/** Set a credit line: how far below zero a wallet may go. */
import { guarded } from './access.ts';
import { control } from './answers/control.ts';
import { prepareControl } from './controls.ts';
import type { ControlRequest } from './controls.ts';
import { define } from './definition.ts';
import { amountOrZeroIn, decidedIn, walletIn } from './input.ts';
import { CreditLimit, decidedProperties, unitProperty } from './schemas.ts';

export type CreditLineRequest = ControlRequest & { readonly creditLimit: bigint };

export const setCreditLine = define({
  name: 'setCreditLine',
  description: 'Sets how far below zero a wallet may go',
  access: guarded('controls:write', 'never', { staff: 'money' }),
  subject: 'walletId',
  fields: { creditLimit: CreditLimit, ...unitProperty, ...decidedProperties },
  rest: { method: 'PUT', path: '/wallet/:id/credit-line', tag: 'Controls', status: 200 },
  example: { parameters: { id: 'w1' }, body: { creditLimit: '500', reason: 'good customer' } },
  batchType: 'setCreditLine',
  grpc: { field: 'setCreditLine' },
  read: (input): CreditLineRequest => ({
    ...decidedIn(input),
    wallet: walletIn(input),
    creditLimit: amountOrZeroIn(input, 'creditLimit'),
  }),
  prepare: (request) => prepareControl(request, { kind: 'credit_line', floor: -request.creditLimit }),
  answer: control,
});
