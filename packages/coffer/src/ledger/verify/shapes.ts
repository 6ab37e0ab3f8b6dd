/** The columns of each kind of entry. Repeated here on purpose: the verifier shares no rule with what it verifies. */
import type { LogRow } from './rows.ts';

/** `sides`: one account, two, or either (two if there was a balance to sweep). `initiator`: the account whose idempotency key it is. */
export type Shape = {
  readonly sides: 'one' | 'two' | 'either';
  readonly initiator: 'debit' | 'credit' | 'original' | 'none';
  /** Counts against limits. */
  readonly limited: boolean;
  /** Changes what a wallet may do, by an operator's decision. */
  readonly decides: boolean;
  readonly extra: readonly (keyof LogRow)[];
};

const transfer = { sides: 'two', limited: true, decides: false, extra: ['askedAmount', 'effectiveAtUs'] } as const;
const control = { sides: 'one', initiator: 'debit', limited: false, decides: true, extra: ['details', 'controls'] } as const;

const shapes: Readonly<Record<string, Shape>> = {
  issue: { ...transfer, initiator: 'credit' },
  deposit: { ...transfer, initiator: 'credit' },
  withdrawal: { ...transfer, initiator: 'debit' },
  topup: { ...transfer, initiator: 'credit' },
  spend: { ...transfer, initiator: 'debit' },
  transfer: { ...transfer, initiator: 'debit' },
  transfer_debit: { ...transfer, initiator: 'debit', extra: ['askedAmount', 'effectiveAtUs', 'details'] },
  transfer_credit: { ...transfer, initiator: 'debit', limited: false, extra: ['effectiveAtUs', 'details'] },
  transfer_complete: { ...transfer, sides: 'one', initiator: 'debit', limited: false, extra: ['details'] },
  transfer_return: { ...transfer, initiator: 'debit', limited: false, extra: ['effectiveAtUs', 'details'] },
  hold: { ...transfer, sides: 'one', initiator: 'debit', extra: ['askedAmount', 'hold', 'holdLeft', 'expiresAtUs'] },
  capture: { ...transfer, initiator: 'debit', limited: false, extra: ['askedAmount', 'effectiveAtUs', 'hold', 'holdLeft'] },
  release: { ...transfer, sides: 'one', initiator: 'debit', limited: false, extra: ['askedAmount', 'hold', 'holdLeft'] },
  expire: { ...transfer, sides: 'one', initiator: 'none', limited: false, extra: ['hold', 'holdLeft'] },
  reversal: { ...transfer, initiator: 'original', limited: false, extra: ['askedAmount', 'details', 'reverses', 'reversed'] },
  freeze: control,
  unfreeze: control,
  close: { ...control, sides: 'either' },
  limit: control,
  credit_line: control,
};

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

/** The shape of a posted entry; undefined when the entry does not match its kind. */
export function shapeOf(row: LogRow): Shape | undefined {
  const shape = shapes[row.kind];
  if (!shape) return undefined;
  const isPair = row.creditAccount !== null;
  if (shape.sides !== 'either' && isPair !== (shape.sides === 'two')) return undefined;
  if ((row.key === null) !== (shape.initiator === 'none')) return undefined;
  const isMoving = shape.decides ? isPair : true;
  if ((row.amount !== null) !== isMoving) return undefined;
  return shape.extra.every((column) => isOptional(column) || row[column] !== null) ? shape : undefined;
}

function isOptional(column: keyof LogRow): boolean {
  return column === 'askedAmount' || column === 'effectiveAtUs' || column === 'expiresAtUs';
}

/** The first column that should be empty and is not; null when there is none. */
export function strayColumns(row: LogRow): string | null {
  if (row.refusal !== null) return stray(row, ofSides) ?? stray(row, ofCredit) ?? strayOf(row, ['details']);
  if (row.kind === 'open') return stray(row, ofSides) ?? strayOf(row, []) ?? (row.metadata === null ? null : 'metadata');
  return strayOf(row, shapes[row.kind]?.extra ?? []);
}

function strayOf(row: LogRow, extra: readonly (keyof LogRow)[]): string | null {
  for (const column of seldom) if (row[column] !== null && !extra.includes(column)) return column;
  return null;
}

function stray(row: LogRow, columns: readonly (keyof LogRow)[]): string | null {
  for (const column of columns) if (row[column] !== null) return column;
  return null;
}
