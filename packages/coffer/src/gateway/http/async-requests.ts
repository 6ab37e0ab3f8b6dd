/** Asynchronous requests: how a caller asks for one, what is stored, and what is answered. */
import Type from 'typebox';
import type { Definition, OperationOutcome, Terms, WalletMoneyRequest } from '../../operations/index.ts';
import { keyspaceOf } from '../../ledger/index.ts';
import { newRequest, openRequestsMax, walletAsked } from '../../requests/index.ts';
import type { Product, Reply, Request } from './app.ts';
import { callerOf } from './callers.ts';
import { noteOperation } from './observing.ts';
import { keyHeaders, sendRefusal } from './outcomes.ts';
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
  definition: Definition,
  given: Terms,
  atOnce: () => Promise<Reply>,
): Promise<Reply> {
  const wanted = await product.commands.sealed(definition, given);
  const { key = '', actor } = wanted;
  const id = walletAsked(wanted);
  noteOperation(request, null, key, id);
  const wallet = await product.queries.wallet(id, callerOf(request));
  if (!wallet) return sendProblem(reply, refusedUnseen(key, 'wallet_not_found', { wallet: id }));
  const isOnRecord = async () => await product.queries.isOnRecord(wallet, key, keyspaceOf(actor));
  await product.assets.learn([(wanted as WalletMoneyRequest).asset]);
  const asked = newRequest(definition.name, wanted, wallet, product.assets);
  const held = (await product.requests.findTwin(asked)) ? null : await product.commands.heldForApproval(definition, wanted);
  if (held) {
    reply.removeHeader('preference-applied');
    return sendRefusal(reply, held, product.assets);
  }
  const accepted = await product.requests.accept(asked, { isOnRecord });
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
    .send(presentRequest(accepted.request, product.assets, callerOf(request)));
}

/**
 * The refusal of a synchronous request whose asynchronous twin, the same content under the same key, holds the amount: it names the twin. Not
 * 202, because a caller who did not ask for it takes a success for a posting. Null if there is no twin.
 */
export async function twinHeld(
  product: Product,
  request: Request,
  definition: Definition,
  given: Terms,
  outcome: OperationOutcome,
): Promise<Problem | null> {
  if (outcome.status !== 'refused' || outcome.refusal.code !== 'idempotency_key_reused') return null;
  const wallet = await product.queries.wallet(walletAsked(given), callerOf(request));
  const wanted = await product.commands.sealed(definition, given);
  const twin = wallet && (await product.requests.findTwin(newRequest(definition.name, wanted, wallet, product.assets)));
  if (!twin) return null;
  noteOperation(request, null, twin.key, twin.wallet);
  const said = `The key "${twin.key}" belongs to request ${twin.id}, which you sent asynchronously with the same content. It is ${twin.status}: read it with GET /requests/${twin.id}.`;
  return { ...refusalProblem(outcome, product.assets), detail: said };
}

/** The same wording as for synchronous operations; the ledger has no record of it. */
function refusedUnseen(key: string, code: 'wallet_not_found' | 'idempotency_key_reused', facts: Record<string, string>): Problem {
  return problem(code, { facts, requestId: key });
}

function tooManyOpen(wallet: string, key: string): Problem {
  return problem('too_many_open_requests', { facts: { wallet, most: String(openRequestsMax) }, requestId: key });
}
