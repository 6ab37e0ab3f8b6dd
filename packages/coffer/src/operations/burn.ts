/** Burn: money of the treasury that ceases to be. */
import { guarded } from './access.ts';
import { movement } from './answers/movement.ts';
import { define } from './definition.ts';
import { prepareTreasury, treasuryProperties, treasuryRequestIn } from './treasury.ts';

export const burn = define({
  name: 'burn',
  description: 'Destroys money of the treasury, with a reason: the opposite of issuing it',
  access: guarded('money:issue', 'never'),
  fields: treasuryProperties,
  rest: { method: 'POST', path: '/accounts/treasury/burn', tag: 'Accounts', status: 201 },
  example: { body: { amount: 100, asset: 'GOLD', reason: 'end of season 3' } },
  batchType: 'burn',
  grpc: { field: 'burn' },
  read: treasuryRequestIn,
  prepare: (request, context) =>
    prepareTreasury(request, context, { kind: 'burn', debit: { system: 'treasury' }, credit: { system: 'issuance' } }),
  answer: movement,
});
