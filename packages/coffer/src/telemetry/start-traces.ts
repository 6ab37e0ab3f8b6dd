import type { Traces, TracesOptions } from './traces.ts';

/** Loads OpenTelemetry when it is called and not before: an installation without traces does not pay for it. */
export async function startTraces(options: TracesOptions): Promise<Traces> {
  const { openTelemetry } = await import('./open-telemetry.ts');
  return openTelemetry(options);
}
