/** The assets of the ledger. They are few and never change, so each process caches them. */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';

export type Asset = {
  /** The number in entries and in the documented `asset_type_id`. */
  readonly id: number;
  readonly code: string;
  /** Decimal places between the major unit and the minor units in which amounts are counted. */
  readonly scale: number;
  readonly name: string;
};

export class Assets {
  readonly all: readonly Asset[];
  readonly #byId: ReadonlyMap<number, Asset>;
  readonly #byCode: ReadonlyMap<string, Asset>;

  private constructor(all: readonly Asset[]) {
    this.all = all;
    this.#byId = new Map(all.map((asset) => [asset.id, asset]));
    this.#byCode = new Map(all.map((asset) => [asset.code, asset]));
  }

  static async load(pool: pg.Pool): Promise<Assets> {
    const { rows } = await pool.query<Asset>('select id, code, scale, name from ledger.asset order by id');
    return new Assets(rows);
  }

  /** By code or number, as a caller names it. */
  find(reference: string | number): Asset | undefined {
    return typeof reference === 'number' ? this.#byId.get(reference) : this.#byCode.get(reference);
  }

  /** The asset of an existing account. */
  get(id: number): Asset {
    const asset = this.#byId.get(id);
    assert(asset, `asset ${id} exists`);
    return asset;
  }
}
