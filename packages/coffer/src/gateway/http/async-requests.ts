/** Asynchronous requests: how a caller asks for one, what is stored, and what is answered. */
import Type from 'typebox';
import { assert } from '../../kernel/index.ts';
import type { Definition, Terms, TransferRequest, WalletMoneyRequest } from '../../operations/index.ts';
import { openRequestsMax } from '../../requests/index.ts';
import type { Content, RequestType } from '../../requests/index.ts';
import { actorOf } from './actor.ts';
import type { Product, Reply, Request } from './app.ts';
import { callerOf } from './callers.ts';
import { noteOperation } from './observing.ts';
import { keyHeaders } from './outcomes.ts';
import { problem, refusalProblem, sendProblem } from './problem.ts';
import type { Problem } from './problem.ts';
import { presentRequest } from './request-views.ts';

export const Async = Type.Boolean({
  description: 'true: accept it now (202) and process it in the background; the same as the header Prefer: respond-async',
});

export const asyncHeaders = Type.Object({
  ...keyHeaders.properties,
  prefer: Type.Optional(Type.String({ description: 'respond-async: the same as async in the body (RFC 7240)' })),
});

/** The body takes precedence over the Prefer header. */
export function isAsync(request: Request, reply: Reply, { async: inBody }: { readonly async?: boolean }): boolean {
  if (inBody === false || !prefersAsync(request)) return inBody === true;
  reply.header('preference-applied', 'respond-async');
  return true;
}

function prefersAsync({ headers: { prefer } }: Request): boolean {
  // Repeated headers form one list; a preference may have parameters.
  const preferences = [prefer ?? []].flat().flatMap((header) => header.split(','));
  return preferences.some((preference) => preference.split(';')[0]?.trim().toLowerCase() === 'respond-async');
}

/**
 * Stores the request once the caller's wallet is known to exist, and answers where to follow it. If the ledger already has an
 * entry under the key, without a request, the answer is immediate: the stored answer again, or that the key was used for
 * something else.
 */
export async function acceptLater(
  product: Product,
  request: Request,
  reply: Reply,
  { name }: Definition,
  wanted: Terms,
  atOnce: () => Promise<Reply>,
): Promise<Reply> {
  assert(isRequestType(name), `${name} can be done asynchronously`);
  const money = wanted as WalletMoneyRequest | TransferRequest;
  const id = 'from' in money ? money.from : money.wallet;
  const { key = '' } = money;
  noteOperation(request, null, key, id);
  const wallet = await product.queries.wallet(id, callerOf(request));
  if (!wallet) return sendProblem(reply, refusedUnseen(key, 'wallet_not_found', { wallet: id }));
  const { owner, asset } = wallet;
  const isOnRecord = async () => await product.queries.isOnRecord(wallet, key);
  const accepted = await product.requests.accept(
    { type: name, wallet: id, owner, asset, key, content: contentOf(money, product), actor: actorOf(request) },
    { isOnRecord },
  );
  if (accepted.kind === 'on_record') {
    reply.removeHeader('preference-applied');
    return await atOnce();
  }
  if (accepted.kind === 'key_reused') return sendProblem(reply, refusedUnseen(key, 'idempotency_key_reused', { key }));
  if (accepted.kind === 'too_many_open') return sendProblem(reply, tooManyOpen(id, key));
  if (accepted.replayed) reply.header('idempotency-replayed', 'true');
  return reply
    .code(202)
    .header('location', `/requests/${accepted.request.id}`)
    .send(presentRequest(accepted.request, callerOf(request)));
}

function isRequestType(name: string): name is RequestType {
  return name === 'withdraw' || name === 'transfer';
}

function contentOf(money: WalletMoneyRequest | TransferRequest, { assets }: Product): Content {
  const { amount, upTo, asset, minimumBalance, effectiveAt, expectedVersion, metadata } = money;
  return {
    ...('to' in money && { to: money.to, ...(money.mode !== undefined && { mode: money.mode }) }),
    amount: amount.toString(),
    ...(upTo === true && { upTo }),
    ...(asset !== undefined && { asset: assets.find(asset)?.id ?? asset }),
    ...(minimumBalance !== undefined && { minimumBalance: minimumBalance.toString() }),
    ...(effectiveAt && { effectiveAt: effectiveAt.toISOString() }),
    ...(expectedVersion !== undefined && { expectedVersion }),
    ...(metadata !== undefined && { metadata }),
  };
}

/** The same wording as for synchronous operations; the ledger has no record of it. */
function refusedUnseen(key: string, code: 'wallet_not_found' | 'idempotency_key_reused', facts: Record<string, string>): Problem {
  return refusalProblem({ status: 'refused', replayed: false, seq: 0, refusal: { code, facts }, entry: null, key });
}

function tooManyOpen(wallet: string, key: string): Problem {
  return problem('too_many_open_requests', { facts: { wallet, most: String(openRequestsMax) }, requestId: key });
}
