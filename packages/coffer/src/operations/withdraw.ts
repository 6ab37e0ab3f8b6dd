/** Withdraw: money from a wallet to the outside: immediately, after a review, or by a worker. */
import { guarded } from './access.ts';
import { posting } from './answers/posting.ts';
import { define } from './definition.ts';
import { walletMoneyIn } from './input.ts';
import { prepareTransferOf } from './money.ts';
import { moneyProperties } from './schemas.ts';

export const withdraw = define({
  name: 'withdraw',
  description: 'Moves money from a wallet to the outside',
  access: guarded('money:withdraw', 'own'),
  subject: 'walletId',
  fields: moneyProperties,
  rest: { method: 'POST', path: '/wallet/:id/withdraw', tag: 'Wallets', status: 201, async: true },
  example: { parameters: { id: 'w1' }, body: { amount: 200 } },
  batchType: 'withdraw',
  grpc: { field: 'withdraw' },
  read: walletMoneyIn,
  prepare: (request, { assets }) =>
    prepareTransferOf(request, assets, { kind: 'withdrawal', debit: { wallet: request.wallet }, credit: { system: 'cash_out' } }),
  answer: posting,
});
