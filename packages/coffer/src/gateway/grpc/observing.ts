/** Follows each call from its arrival to its answer: its id, audit row, duration and trace. */
import { Metadata, status } from '@grpc/grpc-js';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { actorOf, anonymous, isStaff } from '../../identity/index.ts';
import type { Principal } from '../../identity/index.ts';
import { readsOthers } from '../access/index.ts';
import type { Denial, OperationName } from '../access/index.ts';
import { hideSecrets, inRequest, requestIdOf } from '../../kernel/index.ts';
import type { Span } from '../../kernel/index.ts';
import { auditedBody } from '../observation.ts';
import type { Observation } from '../observation.ts';

export const requestIdKey = 'x-request-id';
/** Where an answer names the ledger operation that the call caused. */
export const operationKey = 'coffer-operation';

/** A ledger operation, by its position in the log. */
export type CausedOperation = { readonly book: number; readonly seq: number };

type Calling = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer'>;

/** A call in progress. */
export class ObservedCall {
  readonly requestId: string;
  /** The caller, once it is known. */
  principal: Principal = anonymous;
  /** What the call caused, if that is more than one operation. */
  operations: readonly CausedOperation[] = [];
  readonly #call: Calling;
  readonly #path: string;
  readonly #observation: Observation;
  readonly #startMs = performance.now();
  readonly #span: Span | undefined;
  readonly #operation: OperationName;
  #denied = false;
  #answered = false;

  constructor(call: Calling, path: string, observation: Observation, operation: OperationName) {
    this.#operation = operation;
    this.#call = call;
    this.#path = path;
    this.#observation = observation;
    this.requestId = requestIdOf(call.metadata.get(requestIdKey)[0]);
    this.#span = observation.traces?.begin(path.slice(1), call.metadata.get('traceparent')[0]);
  }

  /** The caller was not admitted. */
  denied({ principal = anonymous }: Denial): void {
    this.#denied = true;
    this.principal = principal;
  }

  /** Runs the work in the call's context. */
  run<T>(work: () => T): T {
    const { requestId } = this;
    const actor = () => actorOf(this.principal);
    return inRequest(
      {
        requestId,
        span: this.#span,
        // The caller is admitted within the context.
        get actor() {
          return actor();
        },
      },
      work,
    );
  }

  /** The metadata of the answer, with the call's id added. */
  trailer(given = new Metadata()): Metadata {
    given.set(requestIdKey, this.requestId);
    return given;
  }

  /** Records the outcome of the call, once. `request`: the message, or null if the bytes were not one. */
  answered(code: status, request: unknown, trailer: Metadata): void {
    if (this.#answered) return;
    this.#answered = true;
    const { audit, metrics } = this.#observation;
    const name = status[code] ?? String(code);
    metrics?.grpcAnswered(this.#path, name);
    if (audit && this.#isAudited(code)) this.#audit(code, request, trailer);
    if (!this.#span) return;
    this.#span.set('rpc.system', 'grpc');
    this.#span.set('rpc.grpc.status_code', code);
    this.#span.set('coffer.request_id', this.requestId);
    this.#span.end(isOurFault(code) ? 'failed' : 'ok');
  }

  /** As over HTTP. */
  #isAudited(code: status): boolean {
    if (changesSomething(this.#path)) return true;
    if (this.#denied && this.principal.kind !== 'anonymous' && code !== status.RESOURCE_EXHAUSTED) return true;
    return isStaff(this.principal) && readsOthers(this.#operation);
  }

  #audit(code: status, request: unknown, trailer: Metadata): void {
    const { metadata } = this.#call;
    const durationMs = performance.now() - this.#startMs;
    const operation = operationOf(textOf(trailer, operationKey));
    this.#observation.audit?.note({
      requestId: hideSecrets(this.requestId),
      transport: 'grpc',
      method: 'POST',
      url: this.#path,
      operation: this.#path.slice(this.#path.lastIndexOf('/') + 1),
      // What a stranger sent is not stored.
      body: request === null || (this.#denied && this.principal.kind === 'anonymous') ? null : auditedBody(request, this.#observation),
      headers: keptMetadata(metadata),
      clientIp: addressOf(this.#call.getPeer()),
      actor: actorOf(this.principal),
      startedAtMs: Date.now() - durationMs,
      status: code,
      durationMs,
      idempotencyKey: hiddenIn(textOf(trailer, 'idempotency-key') ?? textOf(metadata, 'idempotency-key')),
      wallet: textOf(trailer, 'coffer-wallet'),
      operations: operation ? [operation] : this.operations,
      subject: subjectOf(request),
    });
  }
}

/** The user that a message names by e-mail address, so that its row is found when the user is erased. */
function subjectOf(request: unknown): string | null {
  const { email } = (request ?? {}) as { email?: unknown };
  return typeof email === 'string' && email !== '' ? email.toLowerCase() : null;
}

/** The names of read-only calls show it. Any other name counts as a change. */
function changesSomething(path: string): boolean {
  return !/\/(?:Get|List|Find|Read|Check|Watch)[A-Z]?[A-Za-z]*$/.test(path);
}

function isOurFault(code: status): boolean {
  return code === status.INTERNAL || code === status.UNKNOWN || code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}

function keptMetadata(metadata: Metadata): string {
  const found: Record<string, string> = {};
  for (const name of ['user-agent', 'traceparent'] as const) {
    const value = textOf(metadata, name);
    if (value !== null) found[name] = value.slice(0, 512);
  }
  return hideSecrets(JSON.stringify(found));
}

function hiddenIn(text: string | null): string | null {
  return text === null ? null : hideSecrets(text);
}

function textOf(metadata: Metadata, key: string): string | null {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : null;
}

export function operationOf(id: string | null): CausedOperation | null {
  const parts = id === null ? null : /^(\d{1,9})-(\d{1,15})$/.exec(id);
  return parts ? { book: Number(parts[1]), seq: Number(parts[2]) } : null;
}

/** `127.0.0.1:4242` and `[::1]:4242` without the port. */
function addressOf(peer: string): string {
  return peer
    .replace(/^ipv[46]:/, '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
}
