/** The complete events that an entry must have, derived from the documented event log and not from its view. */
import { kindOf } from './kinds.ts';
import type { Model, ModelEntry, ModelRefusal, ModelSide } from './model.ts';

export type ExpectedEvent = { seq: number; part: number; type: string; wallet: string | null; data: Record<string, unknown> };

/** `null`: a part that is not published. */
type Told = [type: string, wallet: string | null | undefined, data: Record<string, unknown>] | null;

export function expectedEventData(book: number, entry: ModelEntry, model: Model): ExpectedEvent[] {
  const common = commonData(book, entry);
  return toldOf(book, entry, model).flatMap((told, at) => {
    if (told === null) return [];
    const [type, wallet = null, data] = told;
    return [{ seq: entry.seq, part: at + 1, type, wallet, data: { ...common, ...data } }];
  });
}

function commonData(
  book: number,
  { operation, key, amount, askedAmount, effectiveAt, asset, metadata }: ModelEntry,
): Record<string, unknown> {
  return {
    operation: `${book}-${operation}`,
    ...(key !== null && { key }),
    ...(amount !== null && { amount: String(amount) }),
    ...(askedAmount !== null && { askedAmount: String(askedAmount) }),
    ...(effectiveAt && { effectiveAt: effectiveAt.toISOString() }),
    ...(asset !== null && { asset }),
    ...(metadata !== null && { metadata: JSON.parse(metadata) as unknown }),
  };
}

function toldOf(book: number, entry: ModelEntry, model: Model): Told[] {
  const { kind, debit, credit } = entry;
  const { asks, done = '', failed = '' } = kindOf(entry);
  if (entry.refusal) {
    const initiator = model.accounts.find(({ number }) => number === entry.scope)?.name;
    if (kind === 'transfer_credit') return refusedCredit(entry);
    const types = kind === 'transfer' || kind === 'transfer_debit' ? ['TransferInitiated', 'TransferFailed'] : [failed];
    return types.map((type) => [type, initiator, { refusal: entry.refusal?.code, ...entry.details }]);
  }
  if (kind === 'open') return opened(entry, model);
  if (kind.startsWith('transfer_')) return ofStep(book, entry);
  if (entry.hold !== null) return ofHold(book, entry, done, model);
  if (entry.reverses !== null) return ofReversal(book, entry, done, model);
  if (entry.controls !== null) return ofControl(entry, done, model);
  if (kind === 'transfer')
    return [
      ['TransferInitiated', debit?.name, pair(entry)],
      ['TransferDebited', debit?.name, { ...pair(entry), ...after(debit) }],
      ['TransferCredited', credit?.name, { ...pair(entry), ...after(credit) }],
      ['TransferCompleted', debit?.name, pair(entry)],
    ];
  const own = asks === 'debit' ? debit : credit;
  return [[done, own?.name, { ...entry.details, ...after(own) }]];
}

/** Published for both wallets of the transfer. The keys of the later steps are internal. */
function ofStep(book: number, { kind, seq, debit, credit, details }: ModelEntry): Told[] {
  const said = details as { transfer?: string; from?: string; to?: string; refusal?: ModelRefusal };
  const from = said.from ?? debit?.name;
  const about = { transfer: said.transfer ?? `${book}-${seq}`, from, to: said.to ?? credit?.name };
  const quiet = { ...about, key: undefined };
  const told: Record<string, Told[]> = {
    transfer_debit: [
      ['TransferInitiated', from, about],
      ['TransferDebited', from, { ...about, ...after(debit) }],
    ],
    transfer_credit: [['TransferCredited', credit?.name, { ...quiet, ...after(credit) }]],
    transfer_complete: [['TransferCompleted', from, quiet]],
    transfer_return: [
      ['TransferCompensated', from, { ...quiet, ...after(credit) }],
      ['TransferFailed', from, { ...quiet, refusal: said.refusal?.code, facts: said.refusal?.facts }],
    ],
  };
  return told[kind] ?? [];
}

function refusedCredit({ refusal, details }: ModelEntry): Told[] {
  const { asked } = details as { asked: { transfer: string; from: string; credit: string } };
  const about = { transfer: asked.transfer, from: asked.from, to: asked.credit, key: undefined };
  return [['TransferCreditFailed', asked.credit, { ...about, refusal: refusal?.code, facts: refusal?.facts }]];
}

/** System accounts are internal to the ledger. */
function opened({ credit }: ModelEntry, model: Model): Told[] {
  if (!isWallet(credit, model)) return [];
  const account = model.account(credit?.name ?? '');
  return [
    [
      'WalletCreated',
      credit?.name,
      { ...(account && account.owner !== null && { owner: account.owner }), floor: String(account?.openedWithFloor) },
    ],
  ];
}

function ofHold(book: number, entry: ModelEntry, done: string, model: Model): Told[] {
  const { kind, debit, credit, hold, holdLeft, expiresAt } = entry;
  const ofIt = { hold: `${book}-${hold}`, left: String(holdLeft), ...(expiresAt && { expiresAt: expiresAt.toISOString() }) };
  const both = kind === 'capture' ? pair(entry) : {};
  const own: Told = [done, debit?.name, { ...ofIt, ...both, ...after(debit) }];
  return isWallet(credit, model) ? [own, ['CaptureCredited', credit?.name, { ...ofIt, ...both, ...after(credit) }]] : [own];
}

/** Published first to the wallet that initiated the operation. */
function ofReversal(book: number, entry: ModelEntry, done: string, model: Model): Told[] {
  const { debit, credit, reverses, reversed, details, scope } = entry;
  const about = { ...pair(entry), reverses: `${book}-${reverses}`, reversed: String(reversed), ...details };
  const initiator = model.accounts.find(({ number }) => number === scope)?.name;
  const moved = (type: string, side: ModelSide | null): Told =>
    isWallet(side, model) ? [type, side?.name, { ...about, ...after(side) }] : null;
  return [[done, initiator, about], moved('ReversalDebited', debit), moved('ReversalCredited', credit)];
}

function ofControl(entry: ModelEntry, done: string, model: Model): Told[] {
  const { debit, credit, details, controls } = entry;
  const { reason, actor } = details as { reason: string; actor: string };
  const about = { reason, actor, ...(credit && pair(entry)) };
  const own: Told = [done, debit?.name, { ...about, controls, ...after(debit) }];
  return isWallet(credit, model) ? [own, ['SweepCredited', credit?.name, { ...about, ...after(credit) }]] : [own];
}

function pair({ debit, credit }: ModelEntry): Record<string, unknown> {
  return { from: debit?.name, to: credit?.name };
}

/** The held amount is present only when it is not zero. */
function after(side: ModelSide | null): Record<string, unknown> {
  return { balance: String(side?.balance), version: side?.version, ...(side && side.held > 0n && { held: String(side.held) }) };
}

function isWallet(side: ModelSide | null, model: Model): boolean {
  return side !== null && model.accounts.find(({ number }) => number === side.number)?.kind === 'wallet';
}
