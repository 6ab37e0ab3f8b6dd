// Wires approvals to what they carry out: commands, asynchronous requests, and the access policy.
import type pg from 'pg';
import { ApprovalRunner } from '../approvals/index.ts';
import type { AcceptedLater, Approvals } from '../approvals/index.ts';
import { isAllowed, isOperationName, ruleOf } from '../gateway/access/index.ts';
import type { Principal } from '../identity/index.ts';
import type { Log } from '../kernel/index.ts';
import { keyspaceOf } from '../ledger/index.ts';
import type { Assets } from '../ledger/index.ts';
import type { Commands, Definition, Terms } from '../operations/index.ts';
import { newRequest, walletAsked } from '../requests/index.ts';
import type { Requests } from '../requests/index.ts';
import type { WalletQueries } from '../wallets/index.ts';

export type ApprovalParts = {
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly approvals: Approvals;
  readonly commands: Commands;
  readonly queries: WalletQueries;
  readonly requests: Requests;
  readonly assets: Assets;
};

export function openApprovalRunner(parts: ApprovalParts): ApprovalRunner {
  return new ApprovalRunner({
    ...parts,
    isAllowed: mayDo,
    accept: async (definition, request) => await accept(parts, definition, request),
  });
}

/** By the access policy of required mode. */
export function mayDo(principal: Principal, operation: string): boolean {
  return principal.kind !== 'anonymous' && isOperationName(operation) && isAllowed(principal, ruleOf(operation));
}

async function accept({ queries, requests, assets }: ApprovalParts, { name }: Definition, request: Terms): Promise<AcceptedLater> {
  const id = walletAsked(request);
  const { key = '', actor } = request;
  const wallet = await queries.wallet(id, {});
  if (!wallet) return { failure: { code: 'wallet_not_found', facts: { wallet: id } } };
  const isOnRecord = async () => await queries.isOnRecord(wallet, key, keyspaceOf(actor));
  const accepted = await requests.accept(newRequest(name, request, wallet, assets), { isOnRecord });
  if (accepted.kind === 'accepted') return { result: accepted.request.id };
  if (accepted.kind === 'too_many_open') return { failure: { code: 'too_many_open_requests', facts: { wallet: id } } };
  return { failure: { code: 'idempotency_key_reused', facts: { key } } };
}
