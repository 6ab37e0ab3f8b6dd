/** What the batches of a book declare of the chart of accounts, against its tables and against the accounts that they open. */
import type { DeclaredAccount } from '../chain/declarations.ts';
import type { Findings } from './report.ts';
import type { AccountRow, ChartRow, DeclarationRow } from './rows.ts';

export type OpenedAccount = Pick<AccountRow, 'id' | 'kind' | 'asset' | 'owner' | 'floor'>;

export class DeclaredAccounts {
  readonly #book: number;
  readonly #findings: Findings;
  /** The newest declaration of each account, and all of them. */
  readonly #newest = new Map<string, DeclaredAccount>();
  readonly #declared: DeclaredAccount[] = [];

  constructor(book: number, findings: Findings) {
    this.#book = book;
    this.#findings = findings;
  }

  /** An account may be declared again, as a later version with the same asset, type and floor: postings depend on them. */
  declare(row: DeclarationRow, at: string): void {
    const account = parsed(row);
    if (!account) return this.#findings.add('I11', at, 'a declaration of an account', 'JSON', row.body);
    const earlier = this.#newest.get(account.id);
    if (earlier) this.#findings.expect('I11', at, `account ${account.id}`, fixedIn(earlier), fixedIn(account));
    if (earlier && account.version <= earlier.version)
      this.#findings.add('I11', at, `account ${account.id}`, `a version after ${earlier.version}`, String(account.version));
    this.#newest.set(account.id, account);
    this.#declared.push(account);
  }

  /** An account that a batch opens, after what the batch declares: the batch was decided with it. */
  checkOpening({ id, kind, asset, owner, floor }: OpenedAccount, at: string): void {
    if (kind !== 'named') return;
    const declared = this.#newest.get(id.slice(1));
    if (!id.startsWith('@') || !declared)
      return this.#findings.add('I11', at, `the account ${id} that it opens`, 'a declaration in the log', null);
    const expected = { asset: declared.asset, owner: null, floor: declared.floor };
    const found = { asset, owner, floor: floor === null ? null : String(floor) };
    this.#findings.expect('I11', at, `the account ${id} that it opens`, JSON.stringify(expected), JSON.stringify(found));
  }

  /** After the last batch. */
  end(chart: readonly ChartRow[]): void {
    const rows = new Map(chart.map((row) => [`${row.id}/${row.version}`, row]));
    for (const declared of this.#declared) {
      const found = rows.get(`${declared.id}/${declared.version}`);
      const at = `account ${declared.id} in book ${this.#book}`;
      this.#findings.expect('I11', at, 'its definition', definitionIn(declared), found && definitionIn(found));
    }
    const newest = new Map<string, ChartRow>();
    for (const row of chart) {
      const { id, version } = row;
      if (version !== (newest.get(id)?.version ?? 0) + 1)
        this.#findings.add('I11', `account ${id}`, `version ${(newest.get(id)?.version ?? 0) + 1} of its definition`, 'a row', null);
      newest.set(id, row);
    }
    for (const row of newest.values()) this.#checkParents(row, newest);
  }

  /** Parents are accounts of the same asset and type, and none is below itself. */
  #checkParents(account: ChartRow, newest: ReadonlyMap<string, ChartRow>): void {
    const { id, parent, asset, type } = account;
    if (parent === null) return;
    const above = newest.get(parent);
    const expected = `an account of asset ${asset} and type ${type}`;
    if (above?.asset !== asset || above.type !== type)
      return this.#findings.add('I11', `account ${id}`, `its parent ${parent}`, expected, above ? definitionIn(above) : null);
    const seen = new Set<string>();
    for (let at: ChartRow | undefined = above; at && !seen.has(at.id); at = newest.get(at.parent ?? '')) {
      seen.add(at.id);
      if (at.id === id) return this.#findings.add('I11', `account ${id}`, 'its parents', 'others', id);
    }
  }
}

/** What never changes. */
function fixedIn({ asset, type, floor }: DeclaredAccount): string {
  return `asset ${asset}, ${type}, floor ${floor ?? 'none'}`;
}

function definitionIn(account: DeclaredAccount): string {
  const { name, parent, version } = account;
  return `${fixedIn(account)}, ${name}, parent ${parent ?? 'none'} (version ${version})`;
}

function parsed({ body }: DeclarationRow): DeclaredAccount | null {
  try {
    return JSON.parse(body) as DeclaredAccount;
  } catch {
    return null;
  }
}
