/** Issue: money that comes into being in the treasury. */
import { guarded } from './access.ts';
import { movement } from './answers/movement.ts';
import { define } from './definition.ts';
import { prepareTreasury, treasuryProperties, treasuryRequestIn } from './treasury.ts';

export const issue = define({
  name: 'issue',
  description: 'Creates money in the treasury, with a reason: the treasury then tops up wallets',
  access: guarded('money:issue', 'never'),
  fields: treasuryProperties,
  rest: { method: 'POST', path: '/accounts/treasury/issue', tag: 'Accounts', status: 201 },
  example: { body: { amount: 1000, asset: 'GOLD', reason: 'season 4' } },
  batchType: 'issue',
  grpc: { field: 'issue' },
  read: treasuryRequestIn,
  prepare: (request, context) =>
    prepareTreasury(request, context, { kind: 'issue', debit: { system: 'issuance' }, credit: { system: 'treasury' } }),
  answer: movement,
});
