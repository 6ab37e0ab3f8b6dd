/**
 * The assets of the ledger. They are few, and what amounts depend on (code, scale, kind) never changes, so each process caches them. A new
 * one is looked up in the database the first time that a request or an entry names it. Names and retirements in the cache may be a second
 * old: no decision uses them. `list` reads the newest, and a book's writer decides about retired assets (see docs/guides/assets.md).
 */
import type pg from 'pg';
import { assert, currentRequest } from '../../kernel/index.ts';
import { orUnknown } from '../posting/outages.ts';
import { assetCodeMistake, assetMistake, assetNameMistake, assetsMax } from './rules.ts';
import type { AssetChange, NewAsset } from './rules.ts';

export type Asset = NewAsset & {
  /** The number in entries and in the documented `asset_type_id`. */
  readonly id: number;
  /** No wallet is opened in it any more; those that exist go on. */
  readonly retired: boolean;
  /** Counts the definitions: each change makes a new one. */
  readonly version: number;
};

/** What may be wrong with a request to add or change an asset. */
export const assetRefusalCodes = ['asset_invalid', 'asset_exists', 'asset_not_found', 'asset_is_default', 'too_many_assets'] as const;
export type AssetRefusal = {
  readonly refusal: { readonly code: (typeof assetRefusalCodes)[number]; readonly facts: Readonly<Record<string, string>> };
};

export class Assets {
  readonly #pool: pg.Pool;
  #all: readonly Asset[] = [];
  #byId: ReadonlyMap<number, Asset> = new Map();
  #byCode: ReadonlyMap<string, Asset> = new Map();

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  static async load(pool: pg.Pool): Promise<Assets> {
    const assets = new Assets(pool);
    await assets.list();
    return assets;
  }

  /** As cached. */
  get all(): readonly Asset[] {
    return this.#all;
  }

  /** By code or number, as a caller names it. */
  find(reference: string | number): Asset | undefined {
    return typeof reference === 'number' ? this.#byId.get(reference) : this.#byCode.get(reference);
  }

  /** The asset of an existing account. Of one that was read just now, only after `learn`. */
  get(id: number): Asset {
    const asset = this.#byId.get(id);
    assert(asset, `asset ${id} exists`);
    return asset;
  }

  /** As they are in the database now, by number; the cache has them then, too. */
  async list(): Promise<readonly Asset[]> {
    const text = 'select id, code, scale, name, kind, retired, version from ledger.current_asset order by id';
    const { rows } = await this.#pool.query<Asset>({ name: 'assets', text });
    // Two readings can be answered in the other order. Assets are never removed and their versions grow, so the older one is recognised.
    const newest = new Map(rows.map((asset) => [asset.id, asset]));
    for (const known of this.#all) if ((newest.get(known.id)?.version ?? 0) < known.version) newest.set(known.id, known);
    this.#all = [...newest.values()].toSorted((a, b) => a.id - b.id);
    this.#byId = newest;
    this.#byCode = new Map(this.#all.map((asset) => [asset.code, asset]));
    return this.#all;
  }

  /** Reads the database if one of these is unknown here; null, without waiting, when all are known. Absent ones are ignored. */
  learn(references: readonly (string | number | null | undefined)[]): Promise<unknown> | null {
    return references.every((one) => one === null || one === undefined || this.find(one)) ? null : this.list();
  }

  /** The same for the assets of entries. */
  learnFrom(entries: readonly ({ readonly asset: number | null } | null)[]): Promise<unknown> | null {
    return entries.every((entry) => !entry || entry.asset === null || this.#byId.has(entry.asset)) ? null : this.list();
  }

  /**
   * Adds an asset and records it in the audit. The same definition again, with its first name or its present one, is answered with the asset
   * as it is now (`added` false). Refusals: asset_invalid, asset_exists, too_many_assets. Throws LedgerUnavailable.
   */
  async add(wanted: NewAsset): Promise<{ readonly asset: Asset; readonly added: boolean } | AssetRefusal> {
    const mistake = assetMistake(wanted);
    if (mistake !== null) return refused('asset_invalid', { said: mistake });
    const { code, scale, name, kind } = wanted;
    const text = 'select id, added from ledger.add_asset($1, $2, $3, $4, $5, $6, $7)';
    const values = [code, scale, name, kind, assetsMax, ...changing()];
    const { rows } = await orUnknown(() => this.#pool.query<{ id: number; added: boolean }>(text, values));
    const [found] = rows;
    if (!found) return refused('too_many_assets', { most: String(assetsMax) });
    await this.list();
    const asset = this.get(found.id);
    const isSameButForName = asset.scale === scale && asset.kind === kind;
    const isSame = found.added || (isSameButForName && (asset.name === name || (await this.#firstName(found.id)) === name));
    return isSame ? { asset, added: found.added } : refused('asset_exists', { asset: code, scale: String(asset.scale), kind: asset.kind });
  }

  /**
   * Renames or retires an asset, or ends its retirement, and records it in the audit. `defaultAsset` is not retired: the wallets of new users
   * are opened in it. Refusals: asset_invalid, asset_not_found, asset_is_default. Throws LedgerUnavailable.
   */
  async change(code: string, { name, retired }: AssetChange, defaultAsset: string): Promise<Asset | AssetRefusal> {
    if (name === undefined && retired === undefined)
      return refused('asset_invalid', { said: 'Send a name, or whether it is retired, or both.' });
    const mistake = name === undefined ? null : assetNameMistake(name);
    if (mistake !== null) return refused('asset_invalid', { said: mistake });
    if (assetCodeMistake(code) !== null) return refused('asset_not_found', { asset: code });
    if (retired === true && code === defaultAsset) return refused('asset_is_default', { asset: code });
    const text = 'select ledger.change_asset($1, $2, $3, $4, $5)';
    await orUnknown(() => this.#pool.query(text, [code, name, retired, ...changing()]));
    await this.list();
    return this.find(code) ?? refused('asset_not_found', { asset: code });
  }

  /** How many definitions there are: grows with each change. */
  async changes(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>({
      name: 'asset_changes',
      text: 'select count(*) from ledger.asset_version',
    });
    return rows[0]?.count ?? 0;
  }

  /** As it was added: a retry of the request after a rename is still the same request. */
  async #firstName(id: number): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ name: string }>('select name from ledger.asset where id = $1', [id]);
    return rows[0]?.name;
  }
}

/** The actor and the request of a change, for the audit. */
function changing(): [string, string | undefined] {
  const request = currentRequest();
  return [request?.actor ?? 'coffer', request?.requestId];
}

function refused(code: (typeof assetRefusalCodes)[number], facts: Readonly<Record<string, string>>): AssetRefusal {
  return { refusal: { code, facts } };
}
