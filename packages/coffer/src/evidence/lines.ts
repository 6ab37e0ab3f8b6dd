/** Reads shipped checkpoints back, to compare a ledger with them. */
import type { KeyObject } from 'node:crypto';
import fs from 'node:fs';
import type { AuditHead } from '../audit/index.ts';
import { OperatorError } from '../kernel/index.ts';
import type { Checkpoint } from '../ledger/index.ts';
import { isSignedBy } from './signing.ts';
import type { Head } from './signing.ts';

/** A line that proves nothing. `at`: where it is, for people. */
export type RejectedLine = { readonly at: string; readonly found: string };
export type ShippedLines = {
  readonly checkpoints: readonly Checkpoint[];
  readonly audit: readonly AuditHead[];
  readonly rejected: readonly RejectedLine[];
};

/**
 * The checkpoints of files of shipped lines. With a public key, a line without its signature is rejected. Lines that a crash cut short are
 * skipped; a file without any checkpoint is refused.
 */
export function readShipped(files: readonly string[], publicKey: KeyObject | null): ShippedLines {
  const checkpoints: Checkpoint[] = [];
  const audit: AuditHead[] = [];
  const rejected: RejectedLine[] = [];
  for (const file of files) {
    const lines = readLines(file);
    if (lines.length === 0)
      throw new OperatorError(
        `There is no checkpoint in ${file}.`,
        'Give files of lines that coffer checkpoint printed, or Coffer shipped.',
      );
    for (const { number, head, signature } of lines) {
      const found = publicKey === null ? null : whyRejected(head, signature, publicKey);
      if (found === null) {
        if ('audit' in head) audit.push(head);
        else checkpoints.push(head);
      } else rejected.push({ at: `line ${number} of ${file}`, found });
    }
  }
  return { checkpoints, audit, rejected };
}

function whyRejected(head: Head, signature: string | undefined, publicKey: KeyObject): string | null {
  if (signature === undefined) return 'none';
  return isSignedBy(head, signature, publicKey) ? null : 'another one';
}

type Line = { readonly number: number; readonly head: Head; readonly signature: string | undefined };

function readLines(file: string): Line[] {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new OperatorError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      'Give a file of shipped checkpoints that you may read.',
      { cause: error },
    );
  }
  return text.split('\n').flatMap((line, at) => {
    const parsed = parse(line);
    return parsed ? [{ number: at + 1, ...parsed }] : [];
  });
}

function parse(line: string): Omit<Line, 'number'> | null {
  let found: Partial<Record<keyof Checkpoint | keyof AuditHead | 'signature', unknown>> | null;
  try {
    found = JSON.parse(line) as typeof found;
  } catch {
    return null;
  }
  const { signature } = found ?? {};
  const head = found === null ? null : headIn(found);
  return head === null ? null : { head, signature: typeof signature === 'string' ? signature : undefined };
}

function headIn(found: Partial<Record<keyof Checkpoint | keyof AuditHead, unknown>>): Head | null {
  const { ledger, hash, at, audit, id, book, batchNo, lastSeq } = found;
  if (!isPlain(ledger) || !isPlain(hash) || !isPlain(at)) return null;
  if ((audit === 'request' || audit === 'change') && isNumber(id)) return { ledger, audit, id, hash, at };
  return isNumber(book) && isNumber(batchNo) && isNumber(lastSeq) ? { ledger, book, batchNo, lastSeq, hash, at } : null;
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Of characters that a signed text has in these parts: none that could move a part's end. */
function isPlain(value: unknown): value is string {
  return typeof value === 'string' && /^[\w:.-]{1,100}$/.test(value);
}
