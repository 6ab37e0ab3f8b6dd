/** A unary call, from bytes to answer: decoding, deadline, and a status for every outcome. */
import { status } from '@grpc/grpc-js';
import type { Metadata, Server, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Log } from '../../kernel/index.ts';
import type { Admission, Decision, OperationName } from '../access/index.ts';
import { admit, denialFailure, metadataFailure } from './callers.ts';
import type { Guard } from './callers.ts';
import type { Observation } from '../observation.ts';
import { explain } from '../problems/index.ts';
import { ObservedCall } from './observing.ts';
import type { CausedOperation } from './observing.ts';
import { failureOf, outageFailure } from './statuses.ts';
import type { Failure } from './statuses.ts';
import { decoderOf, MalformedMessage } from './wire.ts';
import type { Method } from './wire.ts';

/** For a call without a deadline. Longer than the ledger waits for its database, so that its more precise answer comes first. */
const defaultDeadlineMs = 15_000;

export type ServeOptions = Guard & {
  readonly log: Log;
  readonly defaultDeadlineMs?: number;
  readonly observation?: Observation | undefined;
};

/** What a call carries beside its message, and its caller. `deadline` is in milliseconds since the epoch. */
export type Call = Admission & { readonly metadata: Metadata; readonly deadline: number };

/** The answer message, or the failure; either may carry trailing metadata. */
export type Answer<T> = ({ readonly message: T } | { readonly failure: Failure }) & { readonly trailer?: Metadata };

export type Handler<Request, Response> = (request: Request, call: Call) => Promise<Answer<Response>>;

/** For calls that can cause several operations: how a request is summarised, and which operations the answer names. */
export type CallNotes<Request, Response> = {
  readonly summaryOf: (request: Request) => unknown;
  readonly causes: (response: Response) => readonly CausedOperation[];
};

/**
 * Serves a call to callers admitted by the policy's row for the operation. Anything that the handler throws is an outage, or a
 * bug that is logged and answered with INTERNAL.
 */
export function serve<Request, Response>(
  server: Server,
  operation: OperationName,
  method: Method<Request, Response>,
  handler: Handler<Request, Response>,
  options: ServeOptions,
  notes?: CallNotes<Request, Response>,
): void {
  const handle = (call: ServerUnaryCall<Request | MalformedMessage, Response>, callback: sendUnaryData<Response>): void => {
    const { request, metadata } = call;
    const observed = new ObservedCall(call, method.path, options.observation ?? {}, operation);
    const tell = (done: Answer<Response>): void => {
      const trailer = observed.trailer(done.trailer);
      if ('message' in done && notes) observed.operations = notes.causes(done.message);
      const message = request instanceof MalformedMessage ? null : request;
      const summary = message && notes ? notes.summaryOf(message) : message;
      observed.answered('message' in done ? status.OK : done.failure.status, summary, trailer);
      if ('message' in done) callback(null, done.message, trailer);
      else fail(callback, done.failure, trailer);
    };
    const { deadline, timer } = deadlineOf(call, options, () => tell({ failure: failureOf('deadline') }));
    const answer = (done: Answer<Response>): void => {
      clearTimeout(timer);
      tell(done);
    };
    const enter = async (decision: Decision): Promise<Answer<Response>> => {
      if ('denied' in decision) {
        observed.denied(decision);
        return { failure: denialFailure(decision) };
      }
      observed.principal = decision.principal;
      if (request instanceof MalformedMessage) return { failure: malformedFailure(request) };
      return await handler(request, { ...decision, metadata, deadline });
    };
    const unreadable = metadataFailure(metadata);
    if (unreadable) return answer({ failure: unreadable });
    const answered = observed.run(() => {
      const decision = admit(call, operation, options);
      return decision instanceof Promise ? decision.then(enter) : enter(decision);
    });
    answered.then(answer, (thrown: unknown) => {
      const outage = outageFailure(thrown);
      if (!outage) options.log.error({ err: thrown, call: method.path, requestId: observed.requestId }, 'Unhandled error in call');
      answer({ failure: outage ?? failureOf('internal') });
    });
  };
  server.register(method.path, handle, method.response.encode, decoderOf(method.request), 'unary');
}

/** The server already enforces a caller's deadline; a call without one gets ours. The server drops late answers. */
function deadlineOf(
  call: ServerUnaryCall<unknown, unknown>,
  options: ServeOptions,
  onDeadline: () => void,
): { deadline: number; timer?: NodeJS.Timeout } {
  const given = Number(call.getDeadline());
  if (Number.isFinite(given)) return { deadline: given };
  const patienceMs = options.defaultDeadlineMs ?? defaultDeadlineMs;
  return { deadline: Date.now() + patienceMs, timer: setTimeout(onDeadline, patienceMs) };
}

function malformedFailure({ message }: MalformedMessage): Failure {
  return failureOf('message_malformed', { said: `${explain('message_malformed')} (${message})` });
}

function fail<Response>(callback: sendUnaryData<Response>, failure: Failure, trailer: Metadata): void {
  trailer.set('coffer-code', failure.code);
  callback({ code: failure.status, details: failure.details, metadata: trailer });
}
