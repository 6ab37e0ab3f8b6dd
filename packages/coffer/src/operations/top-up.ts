/** Top up: from the treasury to a user's wallet, which is opened if necessary. */
import { ownedWalletId } from '../wallets/index.ts';
import { guarded } from './access.ts';
import { posting, success } from './answers/posting.ts';
import { closedLoopRequestIn, closedLoopValues } from './closed-loop.ts';
import { define } from './definition.ts';
import { assetNamedBy } from './known-assets.ts';
import { prepareTransferOf } from './money.ts';
import { closedLoopProperties } from './schemas.ts';

export const topUp = define({
  name: 'topUp',
  description: "Moves credits from the treasury to the caller's wallet, or to that of user_id; opens the wallet if it does not exist",
  access: guarded('money:topup', 'never', { open: 'user' }),
  fields: closedLoopProperties,
  rest: { method: 'POST', path: '/wallet/topup', tag: 'Closed loop', status: 200, answer: success },
  example: { body: { asset_type_id: 1, amount: 100 } },
  batchType: 'topup',
  grpc: { field: 'topUp', values: closedLoopValues },
  read: closedLoopRequestIn,
  prepare(request, { assets }) {
    const asset = assetNamedBy(request, assets);
    if ('refusal' in asset) return asset;
    const credit = { wallet: ownedWalletId(request.owner, asset.code), opens: { owner: request.owner, asset: asset.id, floor: 0n } };
    return prepareTransferOf(request, assets, { kind: 'topup', debit: { system: 'treasury' }, credit });
  },
  answer: posting,
});
