/** Spend: from a user's wallet back to the treasury. */
import { ownedWalletId } from '../wallets/index.ts';
import { guarded } from './access.ts';
import { posting, success } from './answers/posting.ts';
import { closedLoopRequestIn, closedLoopValues } from './closed-loop.ts';
import { define } from './definition.ts';
import { assetNamedBy } from './known-assets.ts';
import { prepareTransferOf } from './money.ts';
import { closedLoopProperties } from './schemas.ts';

export const spend = define({
  name: 'spend',
  description: "Moves credits from the caller's wallet, or from that of user_id, back to the treasury",
  access: guarded('money:spend', 'own', { open: 'user' }),
  fields: closedLoopProperties,
  rest: { method: 'POST', path: '/wallet/spend', tag: 'Closed loop', status: 200, answer: success },
  example: { body: { asset_type_id: 1, amount: 50 } },
  batchType: 'spend',
  grpc: { field: 'spend', values: closedLoopValues },
  read: closedLoopRequestIn,
  prepare(request, { assets }) {
    const asset = assetNamedBy(request, assets);
    if ('refusal' in asset) return asset;
    const debit = { wallet: ownedWalletId(request.owner, asset.code) };
    return prepareTransferOf(request, assets, { kind: 'spend', debit, credit: { system: 'treasury' } });
  },
  answer: posting,
});
