/** What several commands read from their options. */
import { InvalidArgumentError } from 'commander';
import { isUuid } from '../kernel/index.ts';

export function parseLimit(text: string): number {
  const given = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (given >= 1 && given <= 500) return given;
  throw new InvalidArgumentError('Give a whole number from 1 to 500.');
}

export function parseCursor(text: string): string {
  if (isUuid(text)) return text;
  throw new InvalidArgumentError('Give the cursor that the previous page printed.');
}

export function parseReason(text: string): string {
  if (text.trim() !== '' && text.length <= 1_000 && text.isWellFormed()) return text;
  throw new InvalidArgumentError('Give 1 to 1000 characters, not only spaces.');
}
