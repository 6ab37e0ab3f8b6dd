import { AsyncLocalStorage } from 'node:async_hooks';
import { newId } from './ids.ts';

/** A timed step of a request; absent when tracing is off. */
export type Span = {
  /** Sent along to the next service, in W3C's format. */
  readonly traceparent: string;
  /** Starts a step within this one. */
  child(name: string, kind: 'internal' | 'client'): Span;
  set(name: string, value: string | number): void;
  end(outcome: 'ok' | 'failed'): void;
};

/** The context of a request, from its arrival to its answer. */
export type RequestContext = {
  readonly requestId: string;
  readonly span?: Span | undefined;
  /** The caller, as logs and records of changes name it. */
  readonly actor?: string | undefined;
};

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs the work in the context of a request: its log lines and outgoing calls carry the request's id. */
export function inRequest<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

const sane = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's id for the request if it is safe in a log line and a header; a new one otherwise. */
export function requestIdOf(given: unknown): string {
  return typeof given === 'string' && sane.test(given) ? given : newId();
}
