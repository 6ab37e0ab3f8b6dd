/** Unfreeze: lets money pass again. */
import Type from 'typebox';
import { guarded } from './access.ts';
import { control } from './answers/control.ts';
import { prepareControl } from './controls.ts';
import type { SidesRequest } from './controls.ts';
import { define } from './definition.ts';
import { decidedIn, sidesIn, walletIn } from './input.ts';
import { decidedProperties, SidesName } from './schemas.ts';

export const unfreeze = define({
  name: 'unfreezeWallet',
  description: 'Lets money pass again; what is closed stays closed',
  access: guarded('controls:write', 'never'),
  subject: 'walletId',
  fields: { sides: Type.Optional(SidesName), ...decidedProperties },
  rest: { method: 'POST', path: '/wallet/:id/unfreeze', tag: 'Controls', status: 201 },
  example: { parameters: { id: 'shop' }, body: { reason: 'the chargeback was withdrawn' } },
  batchType: 'unfreeze',
  grpc: { field: 'unfreeze' },
  read: (input): SidesRequest => ({ ...decidedIn(input), wallet: walletIn(input), sides: sidesIn(input) }),
  prepare: (request) => prepareControl(request, { kind: 'unfreeze', sides: request.sides }),
  answer: control,
});
