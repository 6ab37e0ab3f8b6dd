/** Rows as the verifier reads them: made of text, since it trusts neither types nor constraints. */

export type TextRow = readonly (string | null)[];

export type BatchRow = { batchNo: number; firstSeq: number; lastSeq: number; recordedAtUs: number; format: number; hash: string };

/** The account row that an opening names. */
export type AccountRow = {
  id: string;
  kind: string;
  asset: number;
  owner: string | null;
  floor: bigint | null;
  openedSeq: number;
  openedAtUs: number;
};

export type LogRow = {
  seq: number;
  operation: number;
  recordedAtUs: number;
  kind: string;
  debitAccount: number | null;
  creditAccount: number | null;
  debitVersion: number | null;
  creditVersion: number | null;
  amount: bigint | null;
  debitAfter: bigint | null;
  creditAfter: bigint | null;
  debitFloor: bigint | null;
  scope: number | null;
  key: string | null;
  digest: string;
  metadata: string | null;
  refusal: string | null;
  details: string | null;
  debitHeld: bigint | null;
  creditHeld: bigint | null;
  askedAmount: bigint | null;
  effectiveAtUs: number | null;
  hold: number | null;
  holdLeft: bigint | null;
  expiresAtUs: number | null;
  reverses: number | null;
  reversed: bigint | null;
  controls: string | null;
  spentDay: bigint | null;
  spentMonth: bigint | null;
  /** Only of an opening. */
  account: AccountRow | null;
  /** Only of a reversal. */
  original: OriginalRow | null;
  /** Only of a step of a transfer by saga that follows from others. */
  saga: SagaRows | null;
};

/** What a reversal names. */
export type OriginalRow = {
  kind: string;
  debitAccount: number | null;
  creditAccount: number | null;
  amount: bigint | null;
  scope: number | null;
  refusal: string | null;
};

/** A step that another one follows from, in whatever book it is. */
export type StepRow = {
  kind: string;
  amount: bigint | null;
  asset: number | null;
  debitId: string | null;
  refusal: string | null;
  details: string | null;
  effectiveAtUs: number | null;
  metadata: string | null;
};
export type SagaRows = { readonly debit: StepRow | null; readonly decided: StepRow | null };

export type EventRow = { seq: number; part: number; type: string; wallet: string | null; operation: number };

/** An account as reads answer it. */
export type BalanceRow = {
  number: number;
  balance: bigint;
  version: number;
  held: bigint;
  floor: bigint | null;
  controls: string | null;
  spentDay: bigint | null;
  spentMonth: bigint | null;
};

export function logRow(row: TextRow): LogRow {
  return {
    seq: Number(row[0]),
    operation: Number(row[1]),
    recordedAtUs: Number(row[2]),
    kind: row[3] ?? '',
    debitAccount: numberOrNull(row[4]),
    creditAccount: numberOrNull(row[5]),
    debitVersion: numberOrNull(row[6]),
    creditVersion: numberOrNull(row[7]),
    amount: bigintOrNull(row[8]),
    debitAfter: bigintOrNull(row[9]),
    creditAfter: bigintOrNull(row[10]),
    debitFloor: bigintOrNull(row[11]),
    scope: numberOrNull(row[12]),
    key: row[13] ?? null,
    digest: row[14] ?? '',
    metadata: row[15] ?? null,
    refusal: row[16] ?? null,
    details: row[17] ?? null,
    debitHeld: bigintOrNull(row[25]),
    creditHeld: bigintOrNull(row[26]),
    askedAmount: bigintOrNull(row[27]),
    effectiveAtUs: numberOrNull(row[28]),
    hold: numberOrNull(row[29]),
    holdLeft: bigintOrNull(row[30]),
    expiresAtUs: numberOrNull(row[31]),
    reverses: numberOrNull(row[32]),
    reversed: bigintOrNull(row[33]),
    controls: row[34] ?? null,
    spentDay: bigintOrNull(row[35]),
    spentMonth: bigintOrNull(row[36]),
    account: row[3] === 'open' && row[18] !== null && row[18] !== undefined ? accountRow(row, row[18]) : null,
    original: null,
    saga: null,
  };
}

export function originalRow(row: TextRow): OriginalRow {
  return {
    kind: row[1] ?? '',
    debitAccount: numberOrNull(row[2]),
    creditAccount: numberOrNull(row[3]),
    amount: bigintOrNull(row[4]),
    scope: numberOrNull(row[5]),
    refusal: row[6] ?? null,
  };
}

export function stepRow(row: TextRow): StepRow {
  return {
    kind: row[2] ?? '',
    amount: bigintOrNull(row[3]),
    asset: numberOrNull(row[4]),
    debitId: row[5] ?? null,
    refusal: row[6] ?? null,
    details: row[7] ?? null,
    effectiveAtUs: numberOrNull(row[8]),
    metadata: row[9] ?? null,
  };
}

export function balanceRow(row: TextRow): BalanceRow {
  return {
    number: Number(row[0]),
    balance: BigInt(row[1] ?? 0),
    version: Number(row[2]),
    held: BigInt(row[3] ?? 0),
    floor: bigintOrNull(row[4]),
    controls: row[5] ?? null,
    spentDay: bigintOrNull(row[6]),
    spentMonth: bigintOrNull(row[7]),
  };
}

function accountRow(row: TextRow, id: string): AccountRow {
  return {
    id,
    kind: row[19] ?? '',
    asset: Number(row[20]),
    owner: row[21] ?? null,
    floor: bigintOrNull(row[22]),
    openedSeq: Number(row[23]),
    openedAtUs: Number(row[24]),
  };
}

export function eventRow(row: TextRow): EventRow {
  return { seq: Number(row[0]), part: Number(row[1]), type: row[2] ?? '', wallet: row[3] ?? null, operation: Number(row[4]) };
}

function numberOrNull(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}

function bigintOrNull(text: string | null | undefined): bigint | null {
  return text === null || text === undefined ? null : BigInt(text);
}
