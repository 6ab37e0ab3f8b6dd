/** Freeze: stops money out of a wallet, into it, or both, until it is unfrozen. */
import Type from 'typebox';
import { guarded } from './access.ts';
import { control } from './answers/control.ts';
import { prepareControl } from './controls.ts';
import type { SidesRequest } from './controls.ts';
import { define } from './definition.ts';
import { decidedIn, sidesIn, walletIn } from './input.ts';
import { decidedProperties, SidesName } from './schemas.ts';

export const freeze = define({
  name: 'freezeWallet',
  description: 'Stops money out of a wallet, into it, or both, until it is unfrozen; reversals still pass',
  access: guarded('controls:write', 'never'),
  subject: 'walletId',
  fields: { sides: Type.Optional(SidesName), ...decidedProperties },
  rest: { method: 'POST', path: '/wallet/:id/freeze', tag: 'Controls', status: 201 },
  example: { parameters: { id: 'shop' }, body: { reason: 'chargeback 4711' } },
  batchType: 'freeze',
  grpc: { field: 'freeze' },
  read: (input): SidesRequest => ({ ...decidedIn(input), wallet: walletIn(input), sides: sidesIn(input) }),
  prepare: (request) => prepareControl(request, { kind: 'freeze', sides: request.sides }),
  answer: control,
});
