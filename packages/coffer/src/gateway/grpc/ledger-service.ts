/** ledger.LedgerService: the whole product over gRPC; posting as single requests and as a stream. */
import { entryIdIn, InvalidInput, isIdempotencyKey, ownerIn, requiredMomentIn, unitIn, walletIn, wordIn } from '../../operations/index.ts';
import type { Commands, Unit, Values } from '../../operations/index.ts';
import type { Server } from '@grpc/grpc-js';
import { actorOf } from '../../identity/index.ts';
import { keyspaceOf, keyspaces } from '../../ledger/index.ts';
import type { Assets, Chart, LedgerEvent, RecordedEntry } from '../../ledger/index.ts';
import type { Reports } from '../../reports/index.ts';
import type { Page, Reader, Wallet, WalletQueries } from '../../wallets/index.ts';
import { firstOfUnknownOwner } from '../access/index.ts';
import type { Access, Admission, OperationName } from '../access/index.ts';
import { itemName } from '../problems/index.ts';
import { denialFailure } from './callers.ts';
import { ledgerService } from './generated/ledger.ts';
import type {
  GetBalanceAtRequest,
  GetBalanceAtResponse,
  GetHistoryRequest,
  GetHistoryResponse,
  GetHoldRequest,
  GetOperationRequest,
  GetStatsRequest,
  GetWalletRequest,
  Hold,
  ListEventsRequest,
  ListEventsResponse,
  ListHoldsRequest,
  ListHoldsResponse,
  ListWalletsRequest,
  ListWalletsResponse,
  OperationResult,
  PostRequest,
  PostResponse,
  Stats,
  Wallet as WalletMessage,
} from './generated/ledger.ts';
import {
  amountsOf,
  eventMessage,
  holdMessage,
  resultOf,
  resultOfEntry,
  resultOfRead,
  showIn,
  statsOf,
  walletOf,
} from './ledger-messages.ts';
import { countedRequest, notedRequest } from './ledger-notes.ts';
import { serveAccounts } from './account-calls.ts';
import type { Find } from '../../find/index.ts';
import { serveReports } from './report-calls.ts';
import { serveAssets } from './asset-calls.ts';
import { serveFind } from './find-calls.ts';
import { readOperations, snakeCase, unitAt } from './ledger-requests.ts';
import { operationOf } from './observing.ts';
import { Denied, invalid, orFailure, requestFailureIn, walletNotFound } from './request-failures.ts';
import { failureOf, identityFailure, outageFailure } from './statuses.ts';
import { serveStream } from './streams.ts';
import type { StreamHandler, StreamOptions } from './streams.ts';
import { serve } from './unary.ts';
import type { UserLookup } from './user-client.ts';
import type { Answer, ServeOptions } from './unary.ts';

export type LedgerServiceOptions = {
  readonly commands: Commands;
  readonly queries: WalletQueries;
  readonly find: Find;
  readonly assets: Assets;
  readonly chart: Chart;
  readonly reports: Reports;
  /** Code of the asset of new users' wallets. */
  readonly defaultAsset: string;
  /** The users service, which knows whether a wallet's owner exists. */
  readonly users: UserLookup;
};

/** Per stream: two ledger batches may be in progress, and a hundred times as much may wait. */
const operationsUnderWayMax = 16_384;
const lookupsMs = 5_000;
const pageSize = { usual: 50, max: 500 } as const;

export function serveLedger(server: Server, options: LedgerServiceOptions & ServeOptions & StreamOptions): void {
  const calls = new LedgerCalls(options);
  const limit = { max: operationsUnderWayMax, weightOf: ({ operations }: PostRequest) => Math.max(1, operations.length) };
  const causes = ({ results }: PostResponse) => results.flatMap(({ operationId }) => operationOf(operationId) ?? []);
  const post: StreamHandler<PostRequest, PostResponse> = (request, caller) => calls.postOfStream(request, caller);
  serve(
    server,
    'postBatch',
    ledgerService.post,
    orFailure((request, call) => calls.post(request, call)),
    options,
    {
      summaryOf: notedRequest,
      causes,
    },
  );
  serveStream(server, 'postBatch', ledgerService.postStream, limit, post, { summaryOf: countedRequest, causes }, options);
  serve(
    server,
    'getOperation',
    ledgerService.getOperation,
    orFailure((request, call) => calls.operation(request, call)),
    options,
  );
  serve(
    server,
    'getWallet',
    ledgerService.getWallet,
    orFailure((request, call) => calls.wallet(request, call)),
    options,
  );
  serve(
    server,
    'listMyWallets',
    ledgerService.listWallets,
    orFailure((request, call) => calls.wallets(request, call)),
    options,
  );
  serve(
    server,
    'getHistory',
    ledgerService.getHistory,
    orFailure((request, call) => calls.history(request, call)),
    options,
  );
  serve(
    server,
    'getBalanceAt',
    ledgerService.getBalanceAt,
    orFailure((request, call) => calls.balanceAt(request, call)),
    options,
  );
  serve(
    server,
    'getStats',
    ledgerService.getStats,
    orFailure((request, call) => calls.stats(request, call)),
    options,
  );
  serve(
    server,
    'getHold',
    ledgerService.getHold,
    orFailure((request, call) => calls.hold(request, call)),
    options,
  );
  serve(
    server,
    'listHolds',
    ledgerService.listHolds,
    orFailure((request, call) => calls.holds(request, call)),
    options,
  );
  serve(
    server,
    'listEvents',
    ledgerService.listEvents,
    orFailure((request, call) => calls.events(request, call)),
    options,
  );
  serveAssets(server, options);
  serveAccounts(server, options);
  serveReports(server, options);
  serveFind(server, options);
}

type Paged = { readonly limit: number; readonly cursor: string };

class LedgerCalls {
  readonly #commands: Commands;
  readonly #queries: WalletQueries;
  readonly #assets: Assets;
  readonly #access: Access;
  readonly #users: UserLookup;

  constructor({ commands, queries, assets, access, users }: LedgerServiceOptions & ServeOptions) {
    this.#commands = commands;
    this.#queries = queries;
    this.#assets = assets;
    this.#access = access;
    this.#users = users;
  }

  async post(request: PostRequest, caller: Admission): Promise<Answer<PostResponse>> {
    return { message: { id: request.id, results: await this.#results(request, caller), problem: null } };
  }

  /** An invalid request gets its own answer, and the stream continues. */
  async postOfStream(request: PostRequest, caller: Admission): Promise<PostResponse> {
    try {
      return { id: request.id, results: await this.#results(request, caller), problem: null };
    } catch (thrown) {
      const failure = requestFailureIn(thrown) ?? outageFailure(thrown);
      if (!failure) throw thrown;
      return { id: request.id, results: [], problem: { code: failure.code, detail: failure.details, facts: [] } };
    }
  }

  /** The policy decides on each operation as if it were sent on its own. */
  async #results(request: PostRequest, caller: Admission): Promise<OperationResult[]> {
    const admit = (operation: OperationName): Admission => {
      const decision = this.#access.authorize(caller.principal, operation);
      if (!('denied' in decision)) return decision;
      if (decision.denied === 'too_many_requests') throw new Denied(denialFailure(decision));
      // Named with the operation that it is about, like anything else that is wrong with one.
      throw new InvalidInput(decision.detail, decision.denied === 'unauthenticated' ? 'unauthenticated' : 'forbidden');
    };
    const items = await readOperations(request, { actor: actorOf(caller.principal), admit }, this.#commands);
    const requests = items.map((item) => item.request);
    const stranger = await firstOfUnknownOwner(requests, caller, (owners) => this.#unknownAmong(owners));
    if (stranger !== null) {
      const failure = identityFailure({ code: 'user_not_found', facts: {} });
      throw new Denied({ ...failure, details: `${itemName(stranger)}: ${failure.details}` });
    }
    const outcomes = await this.#commands.batch(items, { atomic: request.atomic });
    return outcomes.map((outcome, at) => resultOf(outcome, this.#assets, caller, unitAt(request, at)));
  }

  async #unknownAmong(owners: readonly string[]): Promise<string[]> {
    const deadline = Date.now() + lookupsMs;
    const found = await Promise.all(owners.map(async (owner) => ({ owner, ...(await this.#users.find(owner, deadline)) })));
    if (found.some(({ status }) => status === 'unavailable')) throw new Denied(failureOf('users_unavailable'));
    return found.flatMap(({ owner, status }) => (status === 'refused' ? [owner] : []));
  }

  async operation(
    { operationId, walletId, requestId, keyspace, unit: written }: GetOperationRequest,
    reader: Admission,
  ): Promise<Answer<OperationResult>> {
    const unit = unitOf(written);
    if (operationId !== '') {
      const found = await this.#queries.operation(entryIdIn(fields({ operationId }), 'operationId'), reader);
      return found
        ? { message: resultOfRead(found, this.#assets, reader, unit) }
        : { failure: failureOf('operation_not_found', { facts: { operationId } }) };
    }
    if (!isIdempotencyKey(requestId))
      return { failure: invalid('Send an operation_id, or a wallet_id and the request_id of the operation.') };
    const named = wordIn(fields({ keyspace: keyspace || undefined }), 'keyspace', keyspaces);
    return await this.#withWallet(walletId, reader, async (wallet) => {
      const found = await this.#queries.operationByKey(wallet, requestId, named ?? keyspaceOf(actorOf(reader.principal)));
      return found
        ? { message: resultOfRead(found, this.#assets, reader, unit) }
        : { failure: failureOf('operation_not_found', { facts: { key: requestId } }) };
    });
  }

  async wallet({ walletId, unit: written }: GetWalletRequest, reader: Reader): Promise<Answer<WalletMessage>> {
    const unit = unitOf(written);
    return await this.#withWallet(walletId, reader, (wallet) => ({ message: walletOf(wallet, unit) }));
  }

  async wallets({ ownerId, unit: written, ...paged }: ListWalletsRequest, caller: Admission): Promise<Answer<ListWalletsResponse>> {
    const unit = unitOf(written);
    const owner = ownerIn({ ...fields({ ownerId: ownerId || undefined }), caller }, 'ownerId');
    const read = async (limit: number, cursor?: string) => await this.#queries.walletsOf(owner, limit, cursor);
    return await this.#page(paged, cursors.asset, read, (items, next) => ({
      wallets: items.map((wallet) => walletOf(wallet, unit)),
      next,
    }));
  }

  async history(
    { walletId, unit: written, since, until, kind, order, ...paged }: GetHistoryRequest,
    reader: Reader,
  ): Promise<Answer<GetHistoryResponse>> {
    const unit = unitOf(written);
    const filter = {
      since: since === '' ? undefined : requiredMomentIn(fields({ since }), 'since'),
      until: until === '' ? undefined : requiredMomentIn(fields({ until }), 'until'),
      kind: kind || undefined,
      order: wordIn(fields({ order: order || undefined }), 'order', ['desc', 'asc']),
    };
    return await this.#withWallet(walletId, reader, async (wallet) => {
      const read = async (limit: number, cursor?: string) => await this.#queries.history(wallet, limit, cursor, filter);
      const present = (entry: RecordedEntry) => resultOfEntry(entry, wallet.number, this.#assets, reader, unit);
      return await this.#page(paged, cursors.version, read, (entries, next) => ({ items: entries.map(present), next }));
    });
  }

  async balanceAt({ walletId, at, by, unit: written }: GetBalanceAtRequest, reader: Reader): Promise<Answer<GetBalanceAtResponse>> {
    const unit = unitOf(written);
    const moment = requiredMomentIn(fields({ at }), 'at');
    const date = wordIn(fields({ by: by || undefined }), 'by', ['recorded', 'effective']) ?? 'recorded';
    return await this.#withWallet(walletId, reader, async (wallet) => {
      const past = await this.#queries.balanceAt(wallet, moment, date);
      if (!past) return { failure: failureOf('not_open_yet') };
      const { balance, held } = past;
      const amounts = amountsOf({ balance, held }, showIn(unit, wallet.currency));
      const version = past.version === null ? null : BigInt(past.version);
      return { message: { walletId, at: moment.toISOString(), by: date, ...amounts, version } };
    });
  }

  async stats({ walletId, unit: written }: GetStatsRequest, reader: Reader): Promise<Answer<Stats>> {
    const unit = unitOf(written);
    const stats = await this.#queries.stats(walletIn(fields({ walletId })), reader);
    return stats ? { message: statsOf(stats, unit) } : { failure: walletNotFound(walletId) };
  }

  async hold({ holdId, unit: written }: GetHoldRequest, reader: Reader): Promise<Answer<Hold>> {
    const unit = unitOf(written);
    const hold = await this.#queries.hold(entryIdIn(fields({ holdId }), 'holdId'), reader);
    return hold ? { message: holdMessage(hold, unit) } : { failure: failureOf('hold_not_found', { facts: { hold: holdId } }) };
  }

  async holds({ walletId, open, unit: written, ...paged }: ListHoldsRequest, reader: Reader): Promise<Answer<ListHoldsResponse>> {
    const unit = unitOf(written);
    return await this.#withWallet(walletId, reader, async (wallet) => {
      const read = async (limit: number, cursor?: string) => await this.#queries.holds(wallet, { limit, cursor, open });
      return await this.#page(paged, cursors.entry, read, (items, next) => ({ holds: items.map((hold) => holdMessage(hold, unit)), next }));
    });
  }

  async events(paged: ListEventsRequest, reader: Reader): Promise<Answer<ListEventsResponse>> {
    const read = async (limit: number, cursor?: string) => await this.#queries.events(limit, cursor);
    // Even at the end of the log, the answer has a cursor to continue from.
    const present = (items: readonly LedgerEvent[], next: string) => ({
      events: items.map((event) => eventMessage(event, reader)),
      next: next || paged.cursor,
    });
    return await this.#page(paged, cursors.event, read, present);
  }

  async #withWallet<T>(id: string, reader: Reader, work: (wallet: Wallet) => Answer<T> | Promise<Answer<T>>): Promise<Answer<T>> {
    const wallet = await this.#queries.wallet(walletIn(fields({ walletId: id })), reader);
    return wallet ? await work(wallet) : { failure: walletNotFound(id) };
  }

  async #page<Item, Message>(
    { limit, cursor }: Paged,
    pattern: RegExp,
    read: (limit: number, cursor: string | undefined) => Promise<Page<Item>>,
    present: (items: readonly Item[], next: string) => Message,
  ): Promise<Answer<Message>> {
    if (limit < 0 || limit > pageSize.max)
      return { failure: invalid(`The limit must be 1 to ${pageSize.max}, or 0 for ${pageSize.usual}.`) };
    if (cursor !== '' && !pattern.test(cursor)) return { failure: invalid('The cursor must be the `next` of an earlier answer.') };
    const { items, next } = await read(limit === 0 ? pageSize.usual : limit, cursor === '' ? undefined : cursor);
    return { message: present(items, next ?? '') };
  }
}

/** The fields of a message, for the readers of operations. */
function fields(values: Values['values']): Values {
  return { values, nameOf: snakeCase };
}

function unitOf(unit: string): Unit {
  return unitIn(fields({ unit: unit || undefined }));
}

const cursors = {
  asset: /^[1-9]\d{0,8}$/,
  version: /^[1-9]\d{0,14}$/,
  entry: /^[1-9]\d{0,8}-[1-9]\d{0,14}$/,
  event: /^[0-9]{1,15}-[0-9]{1,4}(?:[.][0-9]{1,15}-[0-9]{1,4}){0,1023}$/,
} as const;
