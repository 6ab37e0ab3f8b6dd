/** Whether an entry has the columns of its kind, and no others. */
import { kindOf } from './kinds.ts';
import type { Kind } from './kinds.ts';
import type { LogRow } from './rows.ts';

/** Columns that most entries leave empty. */
const seldom = [
  'details',
  'askedAmount',
  'effectiveAtUs',
  'hold',
  'holdLeft',
  'expiresAtUs',
  'reverses',
  'reversed',
  'controls',
] as const satisfies readonly (keyof LogRow)[];
const ofSides = [
  'amount',
  'debitAccount',
  'debitAfter',
  'debitVersion',
  'debitFloor',
  'debitHeld',
  'creditHeld',
  'spentDay',
  'spentMonth',
] as const satisfies readonly (keyof LogRow)[];
const ofCredit = ['creditAccount', 'creditAfter', 'creditVersion'] as const satisfies readonly (keyof LogRow)[];

/** The kind of a posted entry; undefined when the entry does not match it. */
export function shapeOf(row: LogRow): Kind | undefined {
  const kind = kindOf(row);
  if (!kind) return undefined;
  const isPair = row.creditAccount !== null;
  if (kind.sides !== 'either' && isPair !== (kind.sides === 'two')) return undefined;
  if ((row.key === null) !== (kind.initiator === 'none')) return undefined;
  const isMoving = kind.decides ? isPair : true;
  if ((row.amount !== null) !== isMoving) return undefined;
  return kind.extra.every((column) => isOptional(column) || row[column] !== null) ? kind : undefined;
}

function isOptional(column: keyof LogRow): boolean {
  return column === 'askedAmount' || column === 'effectiveAtUs' || column === 'expiresAtUs';
}

/** The first column that should be empty and is not; null when there is none. */
export function strayColumns(row: LogRow): string | null {
  if (row.refusal !== null) return stray(row, ofSides) ?? stray(row, ofCredit) ?? strayOf(row, ['details']);
  if (row.kind === 'open') return stray(row, ofSides) ?? strayOf(row, []) ?? (row.metadata === null ? null : 'metadata');
  const { extra = [], maybe = [] } = kindOf(row) ?? {};
  return strayOf(row, [...extra, ...maybe]);
}

function strayOf(row: LogRow, extra: readonly (keyof LogRow)[]): string | null {
  for (const column of seldom) if (row[column] !== null && !extra.includes(column)) return column;
  return null;
}

function stray(row: LogRow, columns: readonly (keyof LogRow)[]): string | null {
  for (const column of columns) if (row[column] !== null) return column;
  return null;
}
