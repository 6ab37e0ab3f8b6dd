/** The settings of traces. */
import { onOff, optional, settingGroup, urlOf } from '../kernel/index.ts';

const localCollector = 'http://127.0.0.1:4318';

export const telemetrySettings = settingGroup({
  title: 'Traces',
  rows: {
    collectorUrl: {
      name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      reads: optional(urlOf(['http:', 'https:'], 'the address of a collector, such as http://host:4318')),
      default: undefined,
      absent: 'no traces',
      meaning: 'OpenTelemetry collector to send traces to, over OTLP/HTTP',
      example: 'http://otel.example.com:4318',
      // The URL may contain a password.
      secret: true,
    },
    traces: {
      name: 'COFFER_TRACES',
      reads: optional(onOff),
      default: undefined,
      absent: 'on if a collector is set',
      meaning: 'on: send traces, by default to 127.0.0.1:4318; off: send none',
      example: 'on',
    },
  },
  /** Null for no traces. */
  combine: ({ collectorUrl, traces = collectorUrl !== undefined }) => ({ tracesUrl: traces ? (collectorUrl ?? localCollector) : null }),
});
