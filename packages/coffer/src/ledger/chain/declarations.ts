/** What a batch declares beside its entries, and so puts into the chain. */
import { hash } from 'node:crypto';
import type pg from 'pg';
import { epochStart } from './epochs.ts';
import type { Gap } from './epochs.ts';

/** `body` is JSON text, exactly as it is hashed and stored. */
export type Declaration = { readonly kind: 'ledger' | 'asset' | 'epoch' | 'account'; readonly body: string };

/** An asset as a book counts it. Declarations from before assets had versions lack the last three. */
export type DeclaredAsset = {
  readonly id: number;
  readonly code: string;
  readonly scale: number;
  readonly name: string;
  readonly kind?: string;
  readonly retired?: boolean;
  readonly version?: number;
};

/** An account of the chart. `floor`: in minor units; null: unbounded. */
export type DeclaredAccount = {
  readonly id: string;
  readonly asset: number;
  readonly type: string;
  readonly floor: string | null;
  readonly name: string;
  readonly parent: string | null;
  readonly version: number;
};

/** The beginning of an epoch: an operator accepted that the end of the log was lost. */
export type DeclaredEpoch = {
  /** The last seq that was not lost. */
  readonly after: number;
  /** The last seq that is known to have been answered. */
  readonly lostUntil: number;
  readonly reason: string;
  readonly actor: string;
};

/** The ledger that a book belongs to, and when it was opened (microseconds since 1970), declared once by books that were opened before its identity was in their first hash. */
export function declaredLedger(ledgerId: string, openedUs: number): Declaration {
  return { kind: 'ledger', body: JSON.stringify({ id: ledgerId, openedUs }) };
}

export function declaredEpoch({ after, lostUntil, reason, actor }: DeclaredEpoch): Declaration {
  return { kind: 'epoch', body: JSON.stringify({ after, lostUntil, reason, actor }) };
}

/** The seqs that a declared epoch gave up. */
export function gapOf(body: string): Gap {
  const { after, lostUntil } = JSON.parse(body) as DeclaredEpoch;
  // The seq before the first is where the log of the new epoch starts, and so the position of a reader that has read nothing of it.
  return { after, until: firstSeqOf({ after, lostUntil }) - 1 };
}

/** The seqs of a book that were given up. */
export async function readGaps(client: pg.ClientBase | pg.Pool, book: number): Promise<Gap[]> {
  const { rows } = await client.query<{ body: string }>({
    name: 'epochs',
    text: "select d.body::text as body from ledger.declaration d where d.book = $1 and d.kind = 'epoch'",
    values: [book],
  });
  return rows.map(({ body }) => gapOf(body));
}

/** The first seq of a declared epoch. */
export function firstSeqOf({ after, lostUntil }: Pick<DeclaredEpoch, 'after' | 'lostUntil'>): number {
  return epochStart(Math.max(after, lostUntil));
}

/** Declared before a book first counts in the asset, and again when its name or its retirement has changed. */
export function declaredAsset({ id, code, scale, name, kind, retired, version }: Required<DeclaredAsset>): Declaration {
  return { kind: 'asset', body: JSON.stringify({ id, code, scale, name, kind, retired, version }) };
}

/** Declared before a book first uses the account, and again when its name or its parent has changed. */
export function declaredAccount({ id, asset, type, floor, name, parent, version }: DeclaredAccount): Declaration {
  return { kind: 'account', body: JSON.stringify({ id, asset, type, floor, name, parent, version }) };
}

/** The hash of batch 0, which names the ledger and the book. */
export function genesisHash(ledgerId: string, book: number, openedUs: number): string {
  return hash('sha256', `coffer ledger ${ledgerId} book ${book} opened ${openedUs}`, 'hex');
}

/** The same of a book that was opened before format 3. */
export function earlierGenesisHash(book: number): string {
  return hash('sha256', `coffer book ${book}`, 'hex');
}
