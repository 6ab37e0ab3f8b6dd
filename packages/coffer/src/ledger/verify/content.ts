/** The content of the request, rebuilt from the log: its digest must be the entry's. */
import { contentNameOf } from '../rules/content.ts';
import type { Content } from '../rules/content.ts';
import { digestContent, digestOpening } from '../rules/digest.ts';
import { callersKey } from '../rules/keyspaces.ts';
import type { AccountKind, EntryKind } from '../rules/types.ts';
import type { AccountState, Decided } from './account-state.ts';
import type { LogRow } from './rows.ts';
import { sagaIn, seqIn } from './sagas.ts';

/** What the content of a posted entry is rebuilt from. `final`: whether a capture was the last one. */
export type Contained = {
  readonly row: LogRow;
  readonly debit: AccountState;
  readonly credit: AccountState | undefined;
  readonly decided: Decided;
  readonly final: boolean;
};

export function digestOf({ kind, key, metadata }: LogRow, content: Content): string {
  return digestContent({ kind: kind as EntryKind, key: key === null ? null : callersKey(key), metadata }, content);
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

export function sidesOf({ debit, credit }: Pick<Contained, 'debit' | 'credit'>): Pick<Content, 'debit' | 'credit'> {
  return { debit: nameOf(debit), credit: nameOf(credit) };
}

export function amountOf({ row: { askedAmount, amount } }: Contained): Pick<Content, 'amount' | 'upTo'> {
  const asked = askedAmount ?? amount;
  return { amount: asked === null ? null : String(asked), ...(askedAmount !== null && { upTo: true }) };
}

export function holdOf({ row: { hold } }: Contained): Pick<Content, 'hold'> {
  return { hold: hold ?? 0 };
}

export function lastingOf({ row: { expiresAtUs, recordedAtUs } }: Contained): Pick<Content, 'expiresInSeconds'> {
  return expiresAtUs === null ? {} : { expiresInSeconds: (expiresAtUs - recordedAtUs) / 1_000_000 };
}

/** Coffer never writes a moment that is not a valid date. */
export function effectiveOf({ row: { effectiveAtUs } }: Contained): Pick<Content, 'effectiveAt'> {
  if (effectiveAtUs === null) return {};
  const date = new Date(effectiveAtUs / 1000);
  const isWhole = effectiveAtUs % 1000 === 0 && !Number.isNaN(date.getTime());
  return { effectiveAt: isWhole ? date.toISOString() : String(effectiveAtUs) };
}

/** Of the last step of a transfer by saga. */
export function endedIn(of: Contained): Content {
  const { transfer = '', from = '', decidedBy = '', refusal } = sagaIn(of.row);
  const ended = { from, ends: seqIn(transfer), decidedBy, ...(refusal && { refusal: refusal.code }) };
  return { ...sidesOf(of), amount: null, ...effectiveOf(of), ...ended };
}
