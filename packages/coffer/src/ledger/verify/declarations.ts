/** What the batches of a book declare, against the tables that it describes. */
import { firstSeqOf } from '../chain/declarations.ts';
import type { Gap } from '../chain/epochs.ts';
import type { Declaration, DeclaredAsset, DeclaredEpoch } from '../chain/declarations.ts';
import { DeclaredAccounts } from './chart.ts';
import type { OpenedAccount } from './chart.ts';
import type { AcceptedLoss, Findings } from './report.ts';
import type { AssetRow, DeclarationRow } from './rows.ts';

export class Declarations {
  readonly #book: number;
  readonly #findings: Findings;
  readonly #byBatch = new Map<number, DeclarationRow[]>();
  /** The newest declaration of each asset, and all of them. */
  readonly #assets = new Map<number, DeclaredAsset>();
  readonly #declared: DeclaredAsset[] = [];
  readonly losses: readonly AcceptedLoss[];
  readonly accounts: DeclaredAccounts;

  constructor(book: number, findings: Findings, rows: readonly DeclarationRow[]) {
    this.#book = book;
    this.#findings = findings;
    this.accounts = new DeclaredAccounts(book, findings);
    for (const row of rows) {
      const batch = this.#byBatch.get(row.batchNo);
      if (batch) batch.push(row);
      else this.#byBatch.set(row.batchNo, [row]);
    }
    this.losses = rows.flatMap((row) => {
      const epoch = row.kind === 'epoch' ? (parsed(row) as DeclaredEpoch | null) : null;
      return epoch ? [{ ...epoch, book, batchNo: row.batchNo }] : [];
    });
  }

  /** The ranges of seqs that were given up. */
  get gaps(): Gap[] {
    return this.losses.map((loss) => ({ after: loss.after, until: firstSeqOf(loss) - 1 }));
  }

  /** In their order; each batch is asked for once. */
  take(batchNo: number, at: string): readonly Declaration[] {
    const rows = this.#byBatch.get(batchNo) ?? [];
    this.#byBatch.delete(batchNo);
    for (const [index, { position }] of rows.entries())
      this.#findings.expect('I11', at, 'the position of a declaration', index + 1, position);
    for (const row of rows) {
      if (row.kind === 'asset') this.#declareAsset(row, at);
      if (row.kind === 'account') this.accounts.declare(row, at);
    }
    return rows;
  }

  /** The epoch that a batch begins. */
  epochOf(batchNo: number): AcceptedLoss | undefined {
    return this.losses.find((loss) => loss.batchNo === batchNo);
  }

  /** After the last batch. `counted`: the assets of the book's accounts. `isDeclared`: the book has batches that declare. */
  end(assets: readonly AssetRow[], counted: ReadonlySet<number>, isDeclared: boolean): void {
    for (const batchNo of this.#byBatch.keys())
      this.#findings.add('I11', `declarations of batch ${batchNo} of book ${this.#book}`, 'their batch', `batch ${batchNo}`, null);
    for (const declared of this.#declared) {
      const at = `asset ${declared.id} in book ${this.#book}`;
      this.#findings.expect('I11', at, 'its definition', definitionOf(declared), definitionIn(assets, declared));
    }
    for (const { id, version, firstName } of assets) {
      if (version?.number === 1)
        this.#findings.expect('I11', `asset ${id} in book ${this.#book}`, 'its first name', firstName, version.name);
      const isFirst =
        version !== null && version.number > 1 && !assets.some((one) => one.id === id && one.version?.number === version.number - 1);
      if (isFirst) this.#findings.add('I11', `asset ${id}`, `version ${version.number - 1} of its definition`, 'a row', null);
    }
    if (!isDeclared) return;
    for (const id of counted)
      if (!this.#assets.has(id))
        this.#findings.add('I11', `asset ${id} in book ${this.#book}`, 'its definition', 'a declaration in the log', null);
  }

  /** A wallet that a batch opens, after what the batch declares: the batch was decided with it. */
  checkOpening(account: OpenedAccount, at: string): void {
    const { kind, asset } = account;
    this.accounts.checkOpening(account, at);
    if (kind === 'wallet' && this.#assets.get(asset)?.retired === true)
      this.#findings.add('I11', at, `the wallets that it opens in asset ${asset}`, 'none: the asset is retired', 'a wallet');
  }

  /** An asset may be declared again, as a later version with the same code, scale and kind: amounts are counted in it. */
  #declareAsset(row: DeclarationRow, at: string): void {
    const asset = parsed(row) as DeclaredAsset | null;
    if (!asset) return this.#findings.add('I11', at, 'a declaration of an asset', 'JSON', row.body);
    const earlier = this.#assets.get(asset.id);
    if (earlier) this.#findings.expect('I11', at, `asset ${asset.id}`, fixedIn(earlier, earlier), fixedIn(asset, earlier));
    if (earlier?.version !== undefined && (asset.version ?? 0) <= earlier.version)
      this.#findings.add('I11', at, `asset ${asset.id}`, `a version after ${earlier.version}`, String(asset.version ?? null));
    this.#assets.set(asset.id, asset);
    this.#declared.push(asset);
  }
}

/** What never changes; the kind since it is declared. */
function fixedIn({ code, scale, kind }: DeclaredAsset, earlier: DeclaredAsset): string {
  return `${code}, scale ${scale}${earlier.kind === undefined ? '' : `, ${kind}`}`;
}

function definitionOf({ code, scale, name, kind, retired, version }: DeclaredAsset): string {
  return version === undefined
    ? `${code}, scale ${scale}, ${name}`
    : `${code}, scale ${scale}, ${name}, ${kind}${retired === true ? ', retired' : ''} (version ${version})`;
}

/** The same text, made from the row that a declaration describes; undefined if that row is missing. An asset without versions was inserted by hand. */
function definitionIn(assets: readonly AssetRow[], { id, version }: DeclaredAsset): string | undefined {
  const found = assets.find((asset) => asset.id === id && (version === undefined || (asset.version?.number ?? 1) === version));
  if (!found) return undefined;
  const { code, scale, firstName } = found;
  if (version === undefined) return definitionOf({ id, code, scale, name: firstName });
  const { name, kind, retired } = found.version ?? { name: firstName, kind: 'other', retired: false };
  return definitionOf({ id, code, scale, name, kind, retired, version });
}

function parsed({ body }: DeclarationRow): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
