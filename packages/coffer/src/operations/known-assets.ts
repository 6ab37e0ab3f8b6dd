/** Resolves assets as callers name them: by code, by number, or by default. */
import type { Asset, Assets, Refusal } from '../ledger/index.ts';
import type { AssetReference } from './terms.ts';

export class KnownAssets {
  readonly default: Asset;
  readonly #assets: Assets;

  constructor(assets: Assets, defaultAsset: Asset) {
    this.default = defaultAsset;
    this.#assets = assets;
  }

  /** The default asset when none is named; undefined for an unknown name. */
  find(reference: AssetReference): Asset | undefined {
    return reference === undefined ? this.default : this.#assets.find(reference);
  }
}

export function assetUnknown(reference: AssetReference): Refusal {
  return { code: 'asset_unknown', facts: { asset: String(reference) } };
}
