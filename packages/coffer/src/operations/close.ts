/** Close: permanent. The wallet's balance is swept to another account, when one is named. */
import Type from 'typebox';
import { guarded } from './access.ts';
import { control } from './answers/control.ts';
import { prepareControl } from './controls.ts';
import type { SidesRequest } from './controls.ts';
import { define } from './definition.ts';
import { decidedIn, destinationIn, sidesIn, walletIn } from './input.ts';
import { decidedProperties, DestinationName, SidesName, WalletId } from './schemas.ts';
import { destinations } from './terms.ts';
import type { Destination } from './terms.ts';

export type CloseRequest = SidesRequest & { readonly sweepTo?: Destination | undefined };

export const close = define({
  name: 'closeWallet',
  description: 'Closes a wallet permanently. It must be empty, or its balance is swept to the account named',
  // It may sweep money away.
  access: guarded('controls:write', 'never', { staff: 'money' }),
  subject: 'walletId',
  fields: {
    sides: Type.Optional(SidesName),
    sweepTo: Type.Optional(DestinationName),
    sweepToWalletId: Type.Optional(WalletId),
    ...decidedProperties,
  },
  rest: { method: 'POST', path: '/wallet/:id/close', tag: 'Controls', status: 201 },
  example: { parameters: { id: 'shop' }, body: { reason: 'the shop has closed' } },
  batchType: 'close',
  grpc: { field: 'close', values: bothInOne },
  read: (input): CloseRequest => ({
    ...decidedIn(input),
    wallet: walletIn(input),
    sides: sidesIn(input),
    sweepTo: destinationIn(input, 'sweepToWalletId', 'sweepTo'),
  }),
  prepare: (request) =>
    prepareControl(request, { kind: 'close', sides: request.sides, ...(request.sweepTo && { sweepTo: request.sweepTo }) }),
  answer: control,
});

/** Over gRPC one field names a wallet or a system account. */
function bothInOne({ sweepTo, ...rest }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isSystem = destinations.some((name) => name === sweepTo);
  return { ...rest, ...(isSystem ? { sweepTo } : { sweepToWalletId: sweepTo }) };
}
