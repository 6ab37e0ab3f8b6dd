/** Traces: begun by a caller or by Coffer, sent to an OpenTelemetry collector. */
import type { Log, Span } from '../kernel/index.ts';

export type Traces = {
  /** Begins the span of a request that came in. `traceparent`: what the caller sent, whatever it is. */
  begin(name: string, traceparent: unknown): Span;
  /** Sends what is finished and not sent yet, for a few seconds at most. */
  stop(): Promise<void>;
};

export type TracesOptions = {
  /** The collector, as OTEL_EXPORTER_OTLP_ENDPOINT names it: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly service: string;
  readonly version: string;
  readonly log: Log;
};
