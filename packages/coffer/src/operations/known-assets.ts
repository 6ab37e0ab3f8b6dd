/** Resolves assets as callers name them: by code, by number, or by default. */
import type { Asset, Assets } from '../ledger/index.ts';
import { keyOrFresh } from './idempotency.ts';
import type { RefusedEarly } from './outcome.ts';
import type { AssetReference, Terms } from './terms.ts';

export class KnownAssets {
  readonly default: Asset;
  readonly #assets: Assets;

  constructor(assets: Assets, defaultAsset: Asset) {
    this.default = defaultAsset;
    this.#assets = assets;
  }

  /** Looks up the assets that requests name and this process does not know yet; null, without waiting, when it knows them. */
  learn(requests: readonly object[]): Promise<unknown> | null {
    return this.#assets.learn(requests.map((request) => ('asset' in request ? (request.asset as AssetReference) : undefined)));
  }

  /** The default asset when none is named; undefined for an unknown name. */
  find(reference: AssetReference): Asset | undefined {
    return reference === undefined ? this.default : this.#assets.find(reference);
  }
}

/** The asset that a request names, or the default asset. Refusal: asset_unknown. */
export function assetNamedBy(
  { key, asset }: Pick<Terms, 'key'> & { readonly asset?: AssetReference },
  assets: KnownAssets,
): Asset | RefusedEarly {
  return assets.find(asset) ?? { key: keyOrFresh(key), refusal: { code: 'asset_unknown', facts: { asset: String(asset) } } };
}
