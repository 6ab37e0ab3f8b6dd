/** The operations of ledger.proto, read into what the wallets' commands take. Says what is wrong with one in words. */
import { isUuid, parseMoment } from '../../kernel/index.ts';
import type { Sides } from '../../ledger/index.ts';
import {
  destinations,
  expiresInSecondsMax,
  isIdempotencyKey,
  isReservedForOwner,
  keyLengthMax,
  metadataMistake,
  walletIdPattern,
  walletIdRule,
} from '../../wallets/index.ts';
import type { BatchItem, Destination, TransferMode, WalletMoneyRequest, WalletRequest } from '../../wallets/index.ts';
import type { Admission, OperationName } from '../access/index.ts';
import type { MoneyTerms, Operation, PostRequest, Terms } from './generated/ledger.ts';

/** Who asks, and the policy's word on each kind of operation that is asked for; throws for one that is denied. */
export type Asker = { readonly actor: string; readonly admit: (operation: OperationName) => Admission };

/** A request that cannot be understood: a sentence for people. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
}

const operationsMax = 1_000;
const reasonLengthMax = 1_000;
const walletId = new RegExp(walletIdPattern);
const entryId = /^[1-9]\d{0,8}-[1-9]\d{0,14}$/;

/** Throws InvalidRequest, which names the operation that is wrong. */
export function readOperations({ operations }: PostRequest, asker: Asker): BatchItem[] {
  if (operations.length === 0 || operations.length > operationsMax)
    refuse(`A request has 1 to ${operationsMax} operations, this one has ${operations.length}.`);
  return operations.map((operation, at) => {
    try {
      return readOperation(operation, asker);
    } catch (failure) {
      if (failure instanceof InvalidRequest) throw new InvalidRequest(`operations[${at}]: ${failure.message}`);
      throw failure;
    }
  });
}

function readOperation(operation: Operation, asker: Asker): BatchItem {
  // A client made from the contract cannot set two of them; whoever writes the bytes can, and would have one silently left out.
  if (Object.values(operation).filter((one) => one !== null).length > 1)
    refuse('The operation says several things. Set exactly one of its fields.');
  const { transfer, deposit, withdraw, topUp, spend } = operation;
  if (transfer) {
    const { toWalletId, ...asked } = transfer;
    return {
      type: 'transfer',
      ...readTerms(transfer.terms, asker.admit('transfer')),
      ...readMoney(asked),
      from: readWallet(asked.walletId),
      to: readWallet(toWalletId, 'to_wallet_id'),
      mode: readMode(asked.mode),
    };
  }
  if (deposit)
    return {
      type: 'deposit',
      ...readTerms(deposit.terms, asker.admit('deposit')),
      ...readMoney(deposit),
      wallet: readWallet(deposit.walletId),
    };
  if (withdraw)
    return {
      type: 'withdraw',
      ...readTerms(withdraw.terms, asker.admit('withdraw')),
      ...readMoney(withdraw),
      wallet: readWallet(withdraw.walletId),
    };
  if (topUp)
    return { type: 'topUp', ...readTerms(topUp.terms, asker.admit('topUp')), ...readMoney(topUp), owner: readOwner(topUp.ownerId) };
  if (spend)
    return { type: 'spend', ...readTerms(spend.terms, asker.admit('spend')), ...readMoney(spend), owner: readOwner(spend.ownerId) };
  return (
    readHolding(operation, asker) ?? readDecided(operation, asker) ?? refuse('The operation says nothing. Set exactly one of its fields.')
  );
}

function readHolding({ openWallet, hold, capture, release }: Operation, asker: Asker): BatchItem | null {
  if (openWallet) {
    const { walletId: wallet, ownerId: owner, asset, creditLimit } = openWallet;
    asker.admit('openWallet');
    if (openWallet.terms?.metadata || (openWallet.terms?.expectedVersion ?? null) !== null)
      refuse('A wallet that is to be opened has no expected_version, and takes no metadata.');
    if (isReservedForOwner(wallet)) refuse("Ids that begin with a user's id are the users'. Name the owner_id instead.");
    if ((wallet === '') === (owner === '')) refuse('Name a wallet_id, or the owner_id of an owner. Not both.');
    if (creditLimit < 0n) refuse('A credit_limit is 0 or more.');
    // Credit is credit, whether it is granted with the wallet or afterwards.
    if (creditLimit > 0n) asker.admit('setCreditLine');
    const opens = { key: readKey(openWallet.terms), asset: asset || undefined, creditLimit };
    return owner === '' ? { type: 'open', ...opens, wallet: readWallet(wallet) } : { type: 'open', ...opens, owner: readOwner(owner) };
  }
  if (hold) {
    const terms = readTerms(hold.terms, asker.admit('authorizeHold'));
    const { effectiveAt, ...money } = readMoney(hold);
    if (effectiveAt) refuse('A hold moves no money, so it has no effective_at.');
    return {
      type: 'hold',
      ...terms,
      ...money,
      wallet: readWallet(hold.walletId),
      expiresInSeconds: readSeconds(hold.expiresInSeconds),
    };
  }
  if (capture) {
    const { holdId, amount, final, effectiveAt } = capture;
    const terms = readTerms(capture.terms, asker.admit('captureHold'));
    const to = readDestination(capture.toWalletId, capture.to) ?? { system: 'cash_out' };
    return {
      type: 'capture',
      ...terms,
      hold: readId(holdId, 'hold_id'),
      ...readPart(amount),
      to,
      final,
      effectiveAt: readMoment(effectiveAt),
    };
  }
  if (release)
    return {
      type: 'release',
      ...readTerms(release.terms, asker.admit('releaseHold')),
      hold: readId(release.holdId, 'hold_id'),
      ...readPart(release.amount),
    };
  return null;
}

function readDecided({ reverse, freeze, unfreeze, close, setLimits, setCreditLine }: Operation, asker: Asker): BatchItem | null {
  const decided = (asked: { readonly terms: Terms | null; readonly reason: string }, operation: OperationName) => ({
    ...readTerms(asked.terms, asker.admit(operation)),
    reason: readReason(asked.reason),
    actor: asker.actor,
  });
  if (reverse)
    return {
      type: 'reverse',
      ...decided(reverse, 'reverseOperation'),
      operation: readId(reverse.operationId, 'operation_id'),
      ...readPart(reverse.amount),
    };
  if (freeze)
    return { type: 'freeze', ...decided(freeze, 'freezeWallet'), wallet: readWallet(freeze.walletId), sides: readSides(freeze.sides) };
  if (unfreeze)
    return {
      type: 'unfreeze',
      ...decided(unfreeze, 'unfreezeWallet'),
      wallet: readWallet(unfreeze.walletId),
      sides: readSides(unfreeze.sides),
    };
  if (close) {
    const isSystem = destinations.some((name) => name === close.sweepTo);
    const sweepTo = close.sweepTo === '' ? undefined : readDestination(isSystem ? '' : close.sweepTo, isSystem ? close.sweepTo : '');
    return { type: 'close', ...decided(close, 'closeWallet'), wallet: readWallet(close.walletId), sides: readSides(close.sides), sweepTo };
  }
  if (setLimits) {
    const limits = { perTransfer: setLimits.perTransfer, perDay: setLimits.perDay, perMonth: setLimits.perMonth };
    if (Object.values(limits).some((limit) => limit !== null && limit < 0n)) refuse('A limit is 0 or more.');
    return { type: 'limit', ...decided(setLimits, 'setLimits'), wallet: readWallet(setLimits.walletId), limits };
  }
  if (setCreditLine) {
    if (setCreditLine.creditLimit < 0n) refuse('A credit_limit is 0 or more.');
    return {
      type: 'creditLine',
      ...decided(setCreditLine, 'setCreditLine'),
      wallet: readWallet(setCreditLine.walletId),
      creditLimit: setCreditLine.creditLimit,
    };
  }
  return null;
}

function readMode(mode: string): TransferMode | undefined {
  if (mode === '') return undefined;
  return mode === 'atomic' || mode === 'saga' ? mode : refuse('A mode is atomic or saga, or empty.');
}

function readTerms(terms: Terms | null, { onlyOwner }: Admission): WalletRequest {
  const expectedVersion = terms?.expectedVersion ?? null;
  if (expectedVersion !== null && (expectedVersion < 0n || expectedVersion > BigInt(Number.MAX_SAFE_INTEGER)))
    refuse('An expected_version is 0 or more.');
  return {
    key: readKey(terms),
    metadata: readMetadata(terms?.metadata ?? ''),
    expectedVersion: expectedVersion === null ? undefined : Number(expectedVersion),
    onlyOwner,
  };
}

function readKey(terms: Terms | null): string | undefined {
  const key = terms?.requestId ?? '';
  if (key === '') return undefined;
  return isIdempotencyKey(key) ? key : refuse(`A request_id is 1 to ${keyLengthMax} characters of printable text.`);
}

/** In JSON's usual spelling, as over REST. */
function readMetadata(text: string): string | undefined {
  if (text === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('The metadata is no JSON.');
  }
  const mistake = metadataMistake(value);
  return mistake === null ? JSON.stringify(value) : refuse(mistake);
}

type Money = { readonly amount: bigint; readonly asset: string; readonly money: MoneyTerms | null };

function readMoney({
  amount,
  asset,
  money,
}: Money): Pick<WalletMoneyRequest, 'amount' | 'asset' | 'upTo' | 'minimumBalance' | 'effectiveAt'> {
  return {
    amount: readAmount(amount),
    asset: asset || undefined,
    upTo: money?.upTo,
    minimumBalance: money?.minimumBalance ?? undefined,
    effectiveAt: readMoment(money?.effectiveAt ?? ''),
  };
}

function readAmount(amount: bigint): bigint {
  return amount >= 1n ? amount : refuse('An amount is a whole number of minor units from 1 to 9223372036854775807.');
}

function readPart(amount: bigint | null): { amount: bigint | undefined } {
  return { amount: amount === null ? undefined : readAmount(amount) };
}

function readWallet(id: string, field = 'wallet_id'): string {
  return walletId.test(id) ? id : refuse(`A ${field} is ${walletIdRule}.`);
}

function readOwner(id: string): string {
  const lower = id.toLowerCase();
  return isUuid(lower) ? lower : refuse('An owner_id is the id of a user, such as 0f6d220d-61fa-4be7-b0a2-e05dbd9aee32.');
}

function readId(id: string, field: string): string {
  return entryId.test(id) ? id : refuse(`A ${field} is book-seq, such as 1-4711, from the answer that made it.`);
}

function readMoment(text: string): Date | undefined {
  if (text === '') return undefined;
  return parseMoment(text) ?? refuse('A moment is RFC 3339 with a zone, such as 2026-01-31T12:00:00Z, in the years 1 to 9999.');
}

function readSeconds(seconds: bigint | null): number | undefined {
  if (seconds === null) return undefined;
  return seconds >= 1n && seconds <= expiresInSecondsMax
    ? Number(seconds)
    : refuse(`A hold expires after 1 to ${expiresInSecondsMax} seconds.`);
}

function readReason(reason: string): string {
  return reason.trim() !== '' && reason.length <= reasonLengthMax && !reason.includes('\0')
    ? reason
    : refuse(`A reason is 1 to ${reasonLengthMax} characters of text, not only spaces.`);
}

function readSides(sides: string): Sides {
  if (sides === '') return 'both';
  return sides === 'debits' || sides === 'credits' || sides === 'both' ? sides : refuse('The sides are debits, credits or both.');
}

function readDestination(wallet: string, system: string): Destination | undefined {
  if (wallet !== '' && system !== '') refuse('The operation names two accounts for the money to go to. Name one.');
  if (wallet !== '') return { wallet: readWallet(wallet, 'to_wallet_id') };
  if (system === '') return undefined;
  const known = destinations.find((name) => name === system);
  return known === undefined ? refuse(`A system account is one of ${destinations.join(', ')}.`) : { system: known };
}

function refuse(sentence: string): never {
  throw new InvalidRequest(sentence);
}
