/** wallet.WalletService: opens, reads, credits and debits the wallet of a user in the default asset. */
import { actorOf } from '../../identity/index.ts';
import { callersTerms, clearanceOf } from '../../operations/index.ts';
import type { Find } from '../../find/index.ts';
import type { Commands, OperationOutcome } from '../../operations/index.ts';
import { Metadata } from '@grpc/grpc-js';
import { isUuid } from '../../kernel/index.ts';
import type { Assets, Chart } from '../../ledger/index.ts';
import type { Reports } from '../../reports/index.ts';
import { ownedWalletId } from '../../wallets/index.ts';
import type { WalletQueries } from '../../wallets/index.ts';
import { walletService } from './generated/wallet.ts';
import type { CloseWalletsRequest, CloseWalletsResponse, WalletResponse } from './generated/wallet.ts';
import { operationId } from '../../ledger/index.ts';
import { keyIn } from './keys.ts';
import { operationKey } from './observing.ts';
import { serveLedger } from './ledger-service.ts';
import { OpeningTimes } from './opening-times.ts';
import { startServer } from './server.ts';
import { sweepSentence, sweepTargetOf } from './sweep-target.ts';
import type { RunningService, ServiceOptions } from './server.ts';
import { failureOf, identityFailure, ledgerFailure } from './statuses.ts';
import type { Failure } from './statuses.ts';
import { serve } from './unary.ts';
import type { Answer, Call } from './unary.ts';
import type { UserLookup } from './user-client.ts';

/** This service's amounts are int64, so its range is narrower than the ledger's. */
const amountSentence = `An amount is a whole number of minor units from 1 to ${2n ** 63n - 1n}.`;

const described = {
  services: { 'wallet.WalletService': 'wallet.proto', 'ledger.LedgerService': 'ledger.proto' },
  what: 'the wallets service',
  setting: 'WALLET_SERVICE_URL',
} as const;
const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

export type WalletsServiceOptions = ServiceOptions & {
  readonly commands: Commands;
  readonly queries: WalletQueries;
  readonly find: Find;
  readonly assets: Assets;
  readonly chart: Chart;
  readonly reports: Reports;
  /** The users service: a wallet is opened only for a user it knows. */
  readonly users: UserLookup;
  /** Code of the asset of these wallets; the default of `commands` and `queries`. */
  readonly defaultAsset: string;
};

export async function startWalletsService(options: WalletsServiceOptions): Promise<RunningService> {
  const calls = new WalletCalls(options);
  return await startServer(options, described, (server, stopping) => {
    serveLedger(server, { ...options, stopping });
    serve(server, 'openWallet', walletService.createWallet, ({ userId }, call) => calls.create(userId, call), options);
    serve(server, 'getWallet', walletService.getWallet, ({ userId }, call) => calls.get(userId, call), options);
    serve(
      server,
      'deposit',
      walletService.creditWallet,
      ({ userId, amount }, call) => calls.move('deposit', userId, amount, call),
      options,
    );
    serve(
      server,
      'withdraw',
      walletService.debitWallet,
      ({ userId, amount }, call) => calls.move('withdraw', userId, amount, call),
      options,
    );
    serve(server, 'closeWallets', walletService.closeWallets, (request, call) => calls.closeAll(request, call), options);
  });
}

class WalletCalls {
  readonly #commands: Commands;
  readonly #queries: WalletQueries;
  readonly #users: UserLookup;
  readonly #assets: Assets;
  readonly #defaultAsset: string;
  readonly #openingTimes: OpeningTimes;

  constructor({ commands, queries, users, assets, defaultAsset }: WalletsServiceOptions) {
    this.#commands = commands;
    this.#queries = queries;
    this.#users = users;
    this.#assets = assets;
    this.#defaultAsset = defaultAsset;
    this.#openingTimes = new OpeningTimes(async (wallet) => (await queries.wallet(wallet))?.openedAt ?? null);
  }

  async create(givenUserId: string, { deadline, onlyOwner }: Call): Promise<Answer<WalletResponse>> {
    const userId = uuidOf(givenUserId);
    if (userId === null) return { failure: failureOf('user_id_invalid') };
    if (isHidden(userId, onlyOwner)) return { failure: identityFailure({ code: 'user_not_found', facts: {} }) };
    const user = await this.#users.find(userId, deadline);
    if (user.status === 'refused') return { failure: user.failure };
    if (user.status === 'unavailable') return { failure: failureOf('users_unavailable') };
    const outcome = await this.#commands.open({ owner: userId, actor: `user:${userId}` });
    const wallet = ownedWalletId(userId, this.#defaultAsset);
    if (outcome.status === 'refused')
      return { failure: ledgerFailure(outcome.refusal, outcome.entry, this.#assets), trailer: outcomeTrailer(outcome, wallet) };
    return {
      message: { id: wallet, userId, balance: 0n, createdAt: this.#openingTimes.remember(wallet, outcome.entry.recordedAt) },
      trailer: outcomeTrailer(outcome, wallet),
    };
  }

  async get(givenUserId: string, { onlyOwner }: Call): Promise<Answer<WalletResponse>> {
    const userId = uuidOf(givenUserId);
    if (userId === null) return { failure: failureOf('user_id_invalid') };
    const id = ownedWalletId(userId, this.#defaultAsset);
    const wallet = await this.#queries.wallet(id, { onlyOwner });
    if (!wallet) return { failure: walletNotFound(id) };
    const trailer = seqTrailer(wallet.asOfSeq);
    if (!fitsInt64(wallet.balance)) return { failure: failureOf('balance_exceeds_int64'), trailer };
    return { message: { id, userId, balance: wallet.balance, createdAt: this.#openingTimes.remember(id, wallet.openedAt) }, trailer };
  }

  async closeAll({ userId: given, sweepTo }: CloseWalletsRequest, { principal }: Call): Promise<Answer<CloseWalletsResponse>> {
    const owner = uuidOf(given);
    if (owner === null) return { failure: failureOf('user_id_invalid') };
    const to = sweepTargetOf(sweepTo);
    if (to === null) return { failure: failureOf('request_invalid', { said: sweepSentence }) };
    const actor = actorOf(principal);
    const refused = await this.#commands.closeAllOf({
      owner,
      ...(to && { sweepTo: to }),
      reason: 'the user was deleted',
      actor,
      clearance: clearanceOf(principal),
      maker: principal,
    });
    return refused ? { failure: ledgerFailure(refused.refusal, refused.entry, this.#assets) } : { message: {} };
  }

  /** The hot path: one posting, and a memory look-up of when the wallet was opened. */
  async move(
    kind: 'deposit' | 'withdraw',
    givenUserId: string,
    amount: bigint,
    { metadata, onlyOwner, principal }: Call,
  ): Promise<Answer<WalletResponse>> {
    const userId = uuidOf(givenUserId);
    if (userId === null) return { failure: failureOf('user_id_invalid') };
    if (amount <= 0n) return { failure: failureOf('amount_invalid', { said: amountSentence }) };
    const key = keyIn(metadata);
    if (key === null) return { failure: failureOf('idempotency_key_invalid') };

    const wallet = ownedWalletId(userId, this.#defaultAsset);
    if (isHidden(userId, onlyOwner)) return { failure: walletNotFound(wallet) };
    // Before the posting: once the money has moved, a failed read must not hide that from the caller.
    const createdAt = this.#openingTimes.known(wallet) ?? (await this.#openingTimes.read(wallet));
    if (createdAt === null) return { failure: walletNotFound(wallet) };

    const outcome = await this.#commands[kind]({
      wallet,
      amount,
      ...callersTerms({ key, onlyOwner }, { actor: actorOf(principal), principal }),
    });
    const trailer = outcomeTrailer(outcome, wallet);
    if (outcome.status === 'refused') return { failure: ledgerFailure(outcome.refusal, outcome.entry, this.#assets), trailer };
    const side = kind === 'deposit' ? outcome.entry.credit : outcome.entry.debit;
    if (!side || !fitsInt64(side.balance)) return { failure: failureOf('posted_balance_exceeds_int64'), trailer };
    return { message: { id: wallet, userId, balance: side.balance, createdAt }, trailer };
  }
}

/** For a user, other users and their wallets do not exist. */
function isHidden(userId: string, onlyOwner: string | undefined): boolean {
  return onlyOwner !== undefined && userId !== onlyOwner;
}

/** In lower case, because wallets are named after it; null if it is not a UUID. */
function uuidOf(text: string): string | null {
  if (isUuid(text)) return text;
  const lower = text.toLowerCase();
  return isUuid(lower) ? lower : null;
}

function fitsInt64(amount: bigint): boolean {
  return amount <= int64Max && amount >= int64Min;
}

function walletNotFound(wallet: string): Failure {
  return failureOf('wallet_not_found', { facts: { wallet } });
}

function seqTrailer(seq: number): Metadata {
  const trailer = new Metadata();
  trailer.set('coffer-seq', String(seq));
  return trailer;
}

function outcomeTrailer({ key, replayed, seq, entry }: OperationOutcome, wallet: string): Metadata {
  const trailer = seqTrailer(seq);
  trailer.set('coffer-wallet', wallet);
  if (entry) trailer.set(operationKey, operationId(entry));
  trailer.set('idempotency-key', key);
  trailer.set('idempotency-replayed', String(replayed));
  return trailer;
}
