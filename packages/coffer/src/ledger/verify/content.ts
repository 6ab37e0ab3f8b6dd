/** The content of the request, rebuilt from the log: its digest must be the entry's. */
import { contentNameOf } from '../rules/content.ts';
import type { Content } from '../rules/content.ts';
import { digestContent, digestOpening } from '../rules/digest.ts';
import type { AccountKind, EntryKind } from '../rules/types.ts';
import type { AccountState } from './account-state.ts';
import type { Decided } from './controls.ts';
import type { LogRow } from './rows.ts';
import { sagaIn, seqIn } from './sagas.ts';

/** The content of a posted entry. `final`: whether a capture was the last one. */
export function contentOf(row: LogRow, debit: AccountState, credit: AccountState | undefined, decided: Decided, final: boolean): Content {
  const asked = row.askedAmount ?? row.amount;
  const amounts = { amount: asked === null ? null : String(asked), ...(row.askedAmount !== null && { upTo: true }) };
  switch (row.kind) {
    case 'transfer_debit':
      return { debit: nameOf(debit), credit: sagaIn(row).to ?? null, ...amounts, ...effective(row) };
    case 'transfer_credit': {
      const { transfer = '', from = '' } = sagaIn(row);
      return { debit: nameOf(debit), credit: nameOf(credit), ...amounts, ...effective(row), transfer, from };
    }
    case 'transfer_complete':
    case 'transfer_return': {
      const { transfer = '', from = '', decidedBy = '', refusal } = sagaIn(row);
      const of = { from, ends: seqIn(transfer), decidedBy, ...(refusal && { refusal: refusal.code }) };
      return { debit: nameOf(debit), credit: nameOf(credit), amount: null, ...effective(row), ...of };
    }
    case 'hold':
      return { debit: nameOf(debit), credit: null, ...amounts, ...lasting(row) };
    case 'capture':
      return { debit: nameOf(debit), credit: nameOf(credit), ...amounts, ...ofHold(row), ...(final && { final }), ...effective(row) };
    case 'release':
      return { debit: nameOf(debit), credit: null, ...amounts, ...ofHold(row) };
    case 'expire':
      return { debit: nameOf(debit), credit: null, amount: null, ...ofHold(row) };
    case 'reversal':
      return { debit: null, credit: null, ...amounts, reverses: row.reverses ?? 0, ...decided };
    case 'freeze':
    case 'unfreeze':
    case 'close':
    case 'limit':
    case 'credit_line': {
      const { sweepTo = null, ...rest } = decided;
      return { debit: nameOf(debit), credit: sweepTo, amount: null, ...rest };
    }
    default:
      return { debit: nameOf(debit), credit: nameOf(credit), ...amounts, ...effective(row) };
  }
}

export function digestOf({ kind, key, metadata }: LogRow, content: Content): string {
  return digestContent({ kind: kind as EntryKind, key, metadata }, content);
}

/** A refusal has no sides: its details hold the request. Null when they cannot be parsed. */
export function digestOfRefused(row: LogRow): string | null {
  try {
    const { asked } = JSON.parse(row.details ?? '') as { asked: Content & { wallet?: string; asset?: number; owner?: string | null } };
    if (row.kind !== 'open') return digestOf(row, asked);
    const { wallet = '', asset = 0, owner = null, floor = '' } = asked;
    return digestOpening({ id: wallet, kind: 'wallet', asset, owner, floor: BigInt(floor) });
  } catch {
    return null;
  }
}

/** Empty when they cannot be parsed; then the digest does not match. */
export function decidedIn({ details }: LogRow): Decided {
  try {
    return (JSON.parse(details ?? '{}') ?? {}) as Decided;
  } catch {
    return {};
  }
}

export function nameOf(account: AccountState | undefined): string | null {
  return account ? contentNameOf(account.id, account.kind as AccountKind) : null;
}

function ofHold({ hold }: LogRow): Pick<Content, 'hold'> {
  return { hold: hold ?? 0 };
}

function lasting({ expiresAtUs, recordedAtUs }: LogRow): Pick<Content, 'expiresInSeconds'> {
  return expiresAtUs === null ? {} : { expiresInSeconds: (expiresAtUs - recordedAtUs) / 1_000_000 };
}

/** Coffer never writes a moment that is not a valid date. */
function effective({ effectiveAtUs }: LogRow): Pick<Content, 'effectiveAt'> {
  if (effectiveAtUs === null) return {};
  const date = new Date(effectiveAtUs / 1000);
  const isWhole = effectiveAtUs % 1000 === 0 && !Number.isNaN(date.getTime());
  return { effectiveAt: isWhole ? date.toISOString() : String(effectiveAtUs) };
}
