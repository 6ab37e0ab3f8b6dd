import { loadOptional } from '../kernel/index.ts';
import type { Traces, TracesOptions } from './traces.ts';

const setting = 'OTEL_EXPORTER_OTLP_ENDPOINT or COFFER_TRACES';
const packages = ['@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/resources', '@opentelemetry/sdk-trace'];

/** Loads OpenTelemetry on first use: an installation without traces does not pay for it. */
export async function startTraces(options: TracesOptions): Promise<Traces> {
  const { openTelemetry } = await loadOptional(setting, packages, () => import('./open-telemetry.ts'));
  return openTelemetry(options);
}
