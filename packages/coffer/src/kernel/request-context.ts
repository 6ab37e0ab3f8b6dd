import { AsyncLocalStorage } from 'node:async_hooks';
import { newId } from './ids.ts';

/** A timed step of a request. Without traces there are none, and nothing asks. */
export type Span = {
  /** What is sent along to the next service, in W3C's form. */
  readonly traceparent: string;
  /** Begins a step within this one. */
  child(name: string, kind: 'internal' | 'client'): Span;
  set(name: string, value: string | number): void;
  end(outcome: 'ok' | 'failed'): void;
};

/** What belongs to a request from its arrival to its answer, whoever works on it. */
export type RequestContext = { readonly requestId: string; readonly span?: Span | undefined };

const storage = new AsyncLocalStorage<RequestContext>();

/** Does the work in the name of a request: its log lines and its calls to other services carry the request's id. */
export function inRequest<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

const sane = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's name for the request when it can stand in a log line and a header as it is; a new one otherwise. */
export function requestIdOf(given: unknown): string {
  return typeof given === 'string' && sane.test(given) ? given : newId();
}
