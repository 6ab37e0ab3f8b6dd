// Metrics and traces: metrics for Prometheus, spans for OpenTelemetry. The observed code never depends on them.
export { cachedRead } from './cached-read.ts';
export { mergeMetrics } from './merge.ts';
export type { ProcessMetrics } from './merge.ts';
export { Metrics } from './metrics.ts';
export type { PoolSizes } from './metrics.ts';
export { startTraces } from './start-traces.ts';
export type { Traces } from './traces.ts';
export { withPostingSpans } from './posting-spans.ts';
