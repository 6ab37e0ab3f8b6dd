/** What the batches of a book declare, against the tables that it describes. */
import { firstSeqOf } from '../chain/declarations.ts';
import type { Gap } from '../chain/epochs.ts';
import type { Declaration, DeclaredAsset, DeclaredEpoch } from '../chain/declarations.ts';
import type { AcceptedLoss, Findings } from './report.ts';
import type { AssetRow, DeclarationRow } from './rows.ts';

export class Declarations {
  readonly #book: number;
  readonly #findings: Findings;
  readonly #byBatch = new Map<number, DeclarationRow[]>();
  readonly #assets = new Map<number, DeclaredAsset>();
  readonly losses: readonly AcceptedLoss[];

  constructor(book: number, findings: Findings, rows: readonly DeclarationRow[]) {
    this.#book = book;
    this.#findings = findings;
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
    for (const row of rows) if (row.kind === 'asset') this.#declareAsset(row, at);
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
    for (const { id, code, scale, name } of this.#assets.values()) {
      const found = assets.find((asset) => asset.id === id);
      const at = `asset ${id} in book ${this.#book}`;
      this.#findings.expect(
        'I11',
        at,
        'its definition',
        `${code}, scale ${scale}, ${name}`,
        found && `${found.code}, scale ${found.scale}, ${found.name}`,
      );
    }
    if (!isDeclared) return;
    for (const id of counted)
      if (!this.#assets.has(id))
        this.#findings.add('I11', `asset ${id} in book ${this.#book}`, 'its definition', 'a declaration in the log', null);
  }

  /** An asset may be declared again, with the same code and scale: amounts are counted in it. */
  #declareAsset(row: DeclarationRow, at: string): void {
    const asset = parsed(row) as DeclaredAsset | null;
    if (!asset) return this.#findings.add('I11', at, 'a declaration of an asset', 'JSON', row.body);
    const earlier = this.#assets.get(asset.id);
    if (earlier)
      this.#findings.expect(
        'I11',
        at,
        `asset ${asset.id}`,
        `${earlier.code}, scale ${earlier.scale}`,
        `${asset.code}, scale ${asset.scale}`,
      );
    this.#assets.set(asset.id, asset);
  }
}

function parsed({ body }: DeclarationRow): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
