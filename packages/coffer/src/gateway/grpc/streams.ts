/** A bidirectional stream, from bytes to answers: bounded, in order, and ended with a clear status. */
import { Metadata, status } from '@grpc/grpc-js';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import type { Log } from '../../kernel/index.ts';
import type { Admission, Decision, Denial, OperationName } from '../access/index.ts';
import { admit, denialFailure, metadataFailure } from './callers.ts';
import type { Guard } from './callers.ts';
import type { Observation } from '../observation.ts';
import { ObservedCall } from './observing.ts';
import { failureOf, outageFailure } from './statuses.ts';
import type { Failure } from './statuses.ts';
import type { CallNotes } from './unary.ts';
import { decoderOf, MalformedMessage } from './wire.ts';
import type { Method } from './wire.ts';

/** How much of a stream's work may be in progress: read and not yet answered, or answered and not yet taken by the caller. */
export type StreamLimit<Request> = { readonly max: number; readonly weightOf: (request: Request) => number };

export type StreamHandler<Request, Response> = (request: Request, admission: Admission) => Promise<Response>;

export type StreamOptions = Guard & {
  readonly log: Log;
  readonly observation?: Observation | undefined;
  /** Aborted when the server stops: streams answer what they have read, and end. */
  readonly stopping: AbortSignal;
};

type Call<Request, Response> = ServerDuplexStream<Request | MalformedMessage, Response>;

/** What every stream needs. */
type Served<Request, Response> = {
  readonly operation: OperationName;
  readonly path: string;
  readonly limit: StreamLimit<Request>;
  readonly handler: StreamHandler<Request, Response>;
  readonly notes: CallNotes<Request, Response>;
  readonly options: StreamOptions;
};

/** Serves a stream to callers admitted by the policy's row for the operation. The handler throws only on a bug. */
export function serveStream<Request, Response>(
  server: Server,
  operation: OperationName,
  method: Method<Request, Response>,
  limit: StreamLimit<Request>,
  handler: StreamHandler<Request, Response>,
  notes: CallNotes<Request, Response>,
  options: StreamOptions,
): void {
  const served = { operation, path: method.path, limit, handler, notes, options };
  const handle = (call: Call<Request, Response>): void => new Stream(call, served).start();
  server.register(method.path, handle, method.response.encode, decoderOf(method.request), 'bidi');
}

class Stream<Request, Response> {
  readonly #call: Call<Request, Response>;
  readonly #served: Served<Request, Response>;
  #underWay = 0;
  #admitting: Promise<void> | null = null;
  #reading = true;
  #ended = false;
  /** Settles when everything read so far is answered, or the caller is gone. */
  #answered: Promise<void> = Promise.resolve();

  constructor(call: Call<Request, Response>, served: Served<Request, Response>) {
    this.#call = call;
    this.#served = served;
  }

  start(): void {
    const { stopping } = this.#served.options;
    const onStop = () => this.#endWith(failureOf('stopping'));
    stopping.addEventListener('abort', onStop, { once: true });
    this.#call.on('close', () => stopping.removeEventListener('abort', onStop));
    this.#call.on('cancelled', () => {
      this.#ended = true;
    });
    this.#call.on('error', () => {
      this.#ended = true;
    });
    this.#call.on('data', (request: Request | MalformedMessage) => this.#take(request));
    this.#call.on('end', () => this.#endWith(null));
    const unreadable = metadataFailure(this.#call.metadata);
    if (unreadable) this.#endWith(unreadable);
    if (stopping.aborted) onStop();
  }

  #take(request: Request | MalformedMessage): void {
    if (!this.#reading) return;
    if (request instanceof MalformedMessage) {
      const failure = failureOf('message_malformed');
      return this.#endWith({ ...failure, details: `${failure.details} (${request.message})` });
    }
    const { limit } = this.#served;
    const weight = limit.weightOf(request);
    this.#underWay += weight;
    if (this.#underWay >= limit.max) this.#call.pause();
    const response = this.#respond(request);
    // A rejection is handled below, in order.
    response.catch(() => undefined);
    this.#answered = this.#answered.then(() => this.#answer(response, weight));
  }

  async #respond(request: Request): Promise<Response | Denial> {
    const { notes, operation, options, path } = this.#served;
    const observed = new ObservedCall(this.#call, path, options.observation ?? {}, operation);
    const note = (code: status) => observed.answered(code, notes.summaryOf(request), observed.trailer());
    try {
      const response = await observed.run(() => this.#handle(request, observed));
      if (!isDenial(response)) observed.operations = notes.causes(response);
      note(isDenial(response) ? denialFailure(response).status : status.OK);
      return response;
    } catch (failure) {
      note(outageFailure(failure)?.status ?? status.INTERNAL);
      throw failure;
    }
  }

  /** Each request is authorised separately: revoking a key ends the streams that use it. */
  async #handle(request: Request, observed: ObservedCall): Promise<Response | Denial> {
    const { operation, handler, options } = this.#served;
    const admitted = () => admit(this.#call, operation, options);
    const decided = this.#admitting ? this.#admitting.then(admitted) : admitted();
    const decision = decided instanceof Promise ? await this.#inTurn(decided) : decided;
    if ('denied' in decision) {
      observed.denied(decision);
      return decision;
    }
    observed.principal = decision.principal;
    return await handler(request, decision);
  }

  /** While a credential is looked up, later requests wait: they are handled in the order of arrival. */
  async #inTurn(decided: Promise<Decision>): Promise<Decision> {
    const settled = Promise.withResolvers<void>();
    this.#admitting = settled.promise;
    try {
      return await decided;
    } finally {
      if (this.#admitting === settled.promise) this.#admitting = null;
      settled.resolve();
    }
  }

  async #answer(response: Promise<Response | Denial>, weight: number): Promise<void> {
    const { limit, options, path } = this.#served;
    try {
      const message = await response;
      if (isDenial(message)) {
        this.#reading = false;
        this.#fail(denialFailure(message));
      } else if (!this.#ended && !this.#call.write(message)) {
        await this.#drained();
      }
    } catch (failure) {
      const outage = outageFailure(failure);
      if (!outage) options.log.error({ err: failure, call: path }, 'Unhandled error in stream');
      this.#reading = false;
      this.#fail(outage ?? failureOf('internal'));
    }
    this.#underWay -= weight;
    if (this.#reading && this.#underWay < limit.max) this.#call.resume();
  }

  /** Resolves when the caller accepts answers again, or is gone. */
  async #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const events = ['drain', 'close', 'cancelled', 'error'];
    for (const event of events) this.#call.once(event, resolve);
    await promise;
    for (const event of events) this.#call.off(event, resolve);
  }

  /** Reads no more, answers what was read, and ends the stream with success or the failure. */
  #endWith(failure: Failure | null): void {
    if (!this.#reading) return;
    this.#reading = false;
    void this.#finish(failure);
  }

  async #finish(failure: Failure | null): Promise<void> {
    await this.#answered;
    if (failure) this.#fail(failure);
    else if (!this.#ended) this.#call.end();
  }

  #fail(failure: Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    const metadata = new Metadata();
    metadata.set('coffer-code', failure.code);
    this.#call.emit('error', {
      code: failure.status,
      details: failure.details,
      metadata,
      name: status[failure.status],
      message: failure.details,
    });
  }
}

function isDenial(answer: unknown): answer is Denial {
  return typeof answer === 'object' && answer !== null && 'denied' in answer;
}
