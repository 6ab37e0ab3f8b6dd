// Metrics and traces: numbers for Prometheus, spans for OpenTelemetry; what is observed never depends on it.
export { Metrics } from './metrics.ts';
export type { PoolSizes } from './metrics.ts';
export { startTraces } from './start-traces.ts';
export type { Traces } from './traces.ts';
export { withPostingSpans } from './posting-spans.ts';
