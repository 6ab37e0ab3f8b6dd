/** The calls of ledger.LedgerService that find operations, holds and wallets. */
import type { Server } from '@grpc/grpc-js';
import type { Find, FoundPage, PageRequest } from '../../find/index.ts';
import type { Assets } from '../../ledger/index.ts';
import { InvalidInput, refuse, textIn, unitIn, wordIn } from '../../operations/index.ts';
import type { Unit, Values } from '../../operations/index.ts';
import type { WalletQueries } from '../../wallets/index.ts';
import { accepted, holdStateIn, operationFilterIn, walletFilterIn } from '../finding.ts';
import { idOf, search } from '../searching.ts';
import { ledgerService } from './generated/ledger.ts';
import type { Found, OperationFilter, Paging } from './generated/ledger.ts';
import { holdMessage, resultOfRead, walletOf } from './ledger-messages.ts';
import { snakeCase } from './ledger-requests.ts';
import { failureOf } from './statuses.ts';
import { serve } from './unary.ts';
import type { Handler, ServeOptions } from './unary.ts';

export type FindOptions = { readonly find: Find; readonly queries: WalletQueries; readonly assets: Assets };

const pageSize = { usual: 50, max: 500 } as const;
const resultsMax = 50;
const textLengthMax = 400;

export function serveFind(server: Server, options: FindOptions & ServeOptions): void {
  const { find, queries, assets } = options;
  serve(
    server,
    'findOperations',
    ledgerService.findOperations,
    orInvalid(async ({ filter, page, unit: written }, caller) => {
      const unit = unitOf(written);
      const asked = await operationFilterIn(valuesOf(filter, unit), filter?.metadata ?? [], assets);
      const found = accepted(await find.operations(asked, caller, pagingOf(page)));
      const read = await queries.operationsOf(found.items.map(({ entry }) => entry));
      return { message: { operations: read.map((one) => resultOfRead(one, assets, caller, unit)), found: foundOf(found) } };
    }),
    options,
  );
  serve(
    server,
    'findHolds',
    ledgerService.findHolds,
    orInvalid(async ({ filter, state, page, unit: written }, caller) => {
      const unit = unitOf(written);
      const given = valuesOf(filter, unit);
      for (const name of ['kind', 'status', 'refusal']) if (textIn(given, name) !== undefined) refuse(`"${name}" does not apply to holds.`);
      const asked = await operationFilterIn(given, filter?.metadata ?? [], assets);
      const found = accepted(
        await find.holds({ ...asked, state: holdStateIn(fields({ state: state || undefined })) }, caller, pagingOf(page)),
      );
      const holds = await queries.holdsOf(found.items);
      return { message: { holds: holds.map((hold) => holdMessage(hold, unit)), found: foundOf(found) } };
    }),
    options,
  );
  serve(
    server,
    'findWallets',
    ledgerService.findWallets,
    orInvalid(async ({ page, unit: written, ...asked }, caller) => {
      const unit = unitOf(written);
      const filter = await walletFilterIn(valuesOf(asked, unit), assets);
      const found = accepted(await find.wallets(filter, caller, pagingOf(page)));
      const wallets = await Promise.all(found.items.map(async (id) => await queries.wallet(id, caller)));
      return { message: { wallets: wallets.flatMap((wallet) => (wallet ? [walletOf(wallet, unit)] : [])), found: foundOf(found) } };
    }),
    options,
  );
  serve(
    server,
    'search',
    ledgerService.search,
    orInvalid(async ({ q, limit, unit: written }, caller) => {
      const unit = unitOf(written);
      if (q.trim() === '' || q.length > textLengthMax) refuse(`"q" must have 1 to ${textLengthMax} characters.`);
      if (limit < 0 || limit > resultsMax) refuse(`The limit must be 1 to ${resultsMax}, or 0 for 20.`);
      const matches = await search({ find, queries }, q.trim(), caller, limit || 20);
      const results = matches.map((match) => ({
        kind: match.kind,
        id: idOf(match),
        by: match.by,
        operation: match.kind === 'operation' ? resultOfRead(match.operation, assets, caller, unit) : null,
        hold: match.kind === 'hold' ? holdMessage(match.hold, unit) : null,
        wallet: match.kind === 'wallet' ? walletOf(match.wallet, unit) : null,
      }));
      return { message: { results } };
    }),
    options,
  );
}

/** Empty texts are absent. */
function valuesOf(filter: OperationFilter | Readonly<Record<string, string>> | null, unit: Unit): Values {
  const given = Object.entries(filter ?? {}).filter((named): named is [string, string] => typeof named[1] === 'string' && named[1] !== '');
  for (const [name, text] of given)
    if (text.length > textLengthMax) refuse(`"${snakeCase(name)}" has more than ${textLengthMax} characters.`);
  return fields({ ...Object.fromEntries(given), unit });
}

function fields(values: Values['values']): Values {
  return { values, nameOf: snakeCase };
}

function unitOf(unit: string): Unit {
  return unitIn(fields({ unit: unit || undefined }));
}

function pagingOf(page: Paging | null): PageRequest {
  const { limit = 0, cursor = '', order = '', estimate = false } = page ?? {};
  if (limit < 0 || limit > pageSize.max) refuse(`The limit must be 1 to ${pageSize.max}, or 0 for ${pageSize.usual}.`);
  return {
    limit: limit === 0 ? pageSize.usual : limit,
    cursor: cursor === '' ? undefined : cursor,
    order: wordIn(fields({ order: order || undefined }), 'order', ['desc', 'asc']),
    count: estimate,
  };
}

function foundOf({ next, previous, count, asOf }: FoundPage<unknown>): Found {
  return {
    next: next ?? '',
    previous: previous ?? '',
    estimate: count && BigInt(count.value),
    exact: count?.exact ?? false,
    asOf: (asOf?.books ?? []).map(({ book, seq }) => ({ book: BigInt(book), seq: BigInt(seq) })),
    behind: BigInt(asOf?.behind ?? 0),
  };
}

function orInvalid<Request, Response>(handle: Handler<Request, Response>): Handler<Request, Response> {
  return async (request, call) => {
    try {
      return await handle(request, call);
    } catch (thrown) {
      if (!(thrown instanceof InvalidInput)) throw thrown;
      return { failure: failureOf('request_invalid', { said: thrown.message }) };
    }
  };
}
