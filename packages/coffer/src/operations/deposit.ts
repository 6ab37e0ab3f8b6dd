/** Deposit: money from outside into a wallet, which the first deposit opens. */
import { isReservedForOwner } from '../wallets/index.ts';
import { guarded } from './access.ts';
import { posting } from './answers/posting.ts';
import { define } from './definition.ts';
import { walletMoneyIn } from './input.ts';
import { prepareTransferOf } from './money.ts';
import { moneyProperties } from './schemas.ts';

export const deposit = define({
  name: 'deposit',
  description: 'Moves money from outside into a wallet; the first deposit opens it',
  access: guarded('money:deposit', 'never'),
  subject: 'walletId',
  fields: moneyProperties,
  rest: { method: 'POST', path: '/wallet/:id/deposit', tag: 'Wallets', status: 201 },
  example: { parameters: { id: 'w1' }, body: { amount: 1000 } },
  batchType: 'deposit',
  grpc: { field: 'deposit' },
  read: walletMoneyIn,
  prepare(request, { assets }) {
    const { wallet } = request;
    const opens = { owner: null, asset: (assets.find(request.asset) ?? assets.default).id, floor: 0n };
    // A wallet whose id begins with its owner is opened by its owner only.
    const credit = isReservedForOwner(wallet) ? { wallet } : { wallet, opens };
    return prepareTransferOf(request, assets, { kind: 'deposit', debit: { system: 'cash_in' }, credit });
  },
  answer: posting,
});
