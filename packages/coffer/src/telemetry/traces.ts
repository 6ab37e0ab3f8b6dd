/** Traces: begun by whoever calls us or by us, sent to an OpenTelemetry collector. Loaded only when one is configured. */
import { loadOptional } from '../kernel/index.ts';
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

const setting = 'OTEL_EXPORTER_OTLP_ENDPOINT or COFFER_TRACES';
const packages = ['@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/resources', '@opentelemetry/sdk-trace'];

/** Nothing of OpenTelemetry is loaded before this is called. */
export async function startTraces(options: TracesOptions): Promise<Traces> {
  const { openTelemetry } = await loadOptional(setting, packages, () => import('./open-telemetry.ts'));
  return openTelemetry(options);
}
