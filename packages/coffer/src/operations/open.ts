/** Open: a user's wallet in an asset, or a wallet with its own id and no owner. */
import Type from 'typebox';
import { isReservedForOwner, ownedWalletId } from '../wallets/index.ts';
import { guarded } from './access.ts';
import { openedWallet } from './answers/opened-wallet.ts';
import { define } from './definition.ts';
import { keyOrFresh } from './idempotency.ts';
import { amountOrZeroIn, assetIn, ownerIn, refuse, refuseOtherOwner, textIn, walletIn } from './input.ts';
import type { Input } from './input.ts';
import { assetNamedBy } from './known-assets.ts';
import { AssetReference, CreditLimit, keyProperties, unitProperty, UserId, WalletId } from './schemas.ts';
import type { OpenRequest } from './terms.ts';

export const open = define({
  name: 'openWallet',
  description:
    "Opens a user's own wallet in an asset. Services and staff open the wallet of ownerId, or a wallet with its own id and no owner; in open mode anyone may do so without a login",
  access: guarded('wallets:open', 'own'),
  fields: {
    walletId: Type.Optional(WalletId),
    ownerId: Type.Optional(UserId),
    asset: Type.Optional(AssetReference),
    creditLimit: Type.Optional(CreditLimit),
    ...unitProperty,
    ...keyProperties,
  },
  rest: { method: 'POST', path: '/wallet', tag: 'Wallets', status: 201, names: { walletId: 'id', expectedVersion: 'If-Match' } },
  example: { body: { id: 'shop' } },
  batchType: 'open',
  grpc: { field: 'openWallet' },
  read(input): OpenRequest {
    const { nameOf, terms } = input;
    if (terms.metadata !== undefined || terms.expectedVersion !== undefined)
      refuse(`A wallet that is being opened takes no ${nameOf('expectedVersion')} and no metadata.`);
    return { ...terms, asset: assetIn(input), ...placeIn(input) };
  },
  prepare(request, { assets }) {
    const asset = assetNamedBy(request, assets);
    if ('refusal' in asset) return asset;
    const key = keyOrFresh(request.key);
    const owner = 'owner' in request ? request.owner : null;
    const wallet = 'owner' in request ? ownedWalletId(request.owner, asset.code) : request.wallet;
    const opens = { owner, asset: asset.id, floor: -(request.creditLimit ?? 0n) };
    const { actor, approver } = request;
    const asked = { ...(actor !== undefined && { actor }), ...(approver !== undefined && { approver }) };
    return { key, operation: { kind: 'open', key, wallet, opens, ...asked } };
  },
  answer: openedWallet,
});

/** The owner or the wallet. Granting credit needs the same scope at the opening as afterwards. */
function placeIn(input: Input): ({ readonly owner: string } | { readonly wallet: string }) & Pick<OpenRequest, 'creditLimit'> {
  const { caller, nameOf } = input;
  const { principal } = caller;
  const id = textIn(input, 'walletId');
  const named = textIn(input, 'ownerId');
  // Staff without the duty open their own, like users.
  if ('userId' in principal && (principal.kind === 'user' || caller.onlyOwner !== undefined)) return ofUser(input, principal.userId, id);
  const creditLimit = creditLimitIn(input);
  if (creditLimit > 0n) caller.admit('setCreditLine');
  if (id === undefined) {
    if (named === undefined && principal.kind === 'anonymous')
      refuse(`Log in and send the token to open a wallet of your own, or name the wallet: ${nameOf('walletId')}.`, 'unauthenticated');
    return { owner: ownerIn(input, 'ownerId'), creditLimit };
  }
  if (named !== undefined)
    refuse(
      `A user's wallet gets its id from the user and the asset. Send either "${nameOf('walletId')}" or "${nameOf('ownerId')}", not both.`,
    );
  if (isReservedForOwner(id))
    refuse(
      `Only its owner can open the wallet "${id}": ids that begin with a user's id belong to that user. Choose another id.`,
      'forbidden',
    );
  return { wallet: walletIn(input), creditLimit };
}

/** 0 grants no credit; gRPC sends it where nothing was set. */
function creditLimitIn(input: Input): bigint {
  return input.values['creditLimit'] === undefined ? 0n : amountOrZeroIn(input, 'creditLimit');
}

function ofUser(input: Input, userId: string, id: string | undefined): { readonly owner: string } {
  const { nameOf } = input;
  if (id !== undefined)
    refuse(`A user's wallet gets its id from the user and the asset. Omit "${nameOf('walletId')}", or send the request without a login.`);
  if (creditLimitIn(input) > 0n)
    refuse(`Users cannot grant their own wallets a credit limit. Omit "${nameOf('creditLimit')}".`, 'forbidden');
  const named = textIn(input, 'ownerId');
  if (named !== undefined && named.toLowerCase() !== userId) refuseOtherOwner(input, 'ownerId');
  return { owner: userId };
}
