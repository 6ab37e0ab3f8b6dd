/** Traces: started by a caller or by Coffer, sent to an OpenTelemetry collector. */
import type { Log, Span } from '../kernel/index.ts';

export type Traces = {
  /** Starts the span of an incoming request. `traceparent`: the raw header. */
  begin(name: string, traceparent: unknown): Span;
  /** Sends finished spans that are not yet sent, for a few seconds at most. */
  stop(): Promise<void>;
};

export type TracesOptions = {
  /** The collector, as in OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly service: string;
  readonly version: string;
  readonly log: Log;
};
