/** The closed loop of an application's own credits names a wallet by its owner and the asset; top-up and spend have the same input. */
import { assetIn, moneyTermsIn, ownerIn } from './input.ts';
import type { Input } from './input.ts';
import type { OwnerMoneyRequest } from './terms.ts';

export function closedLoopRequestIn(input: Input): OwnerMoneyRequest {
  return { ...moneyTermsIn(input), owner: ownerIn(input, 'user_id'), asset: assetIn(input, 'asset_type_id') };
}

/** gRPC uses owner and asset as elsewhere; the fields keep the names of the documented REST routes. */
export function closedLoopValues({ ownerId, asset, ...rest }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...rest, user_id: ownerId, asset_type_id: asset };
}
