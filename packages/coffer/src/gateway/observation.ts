/** Records every request, over either transport: audit, metrics, trace, a log line. Each is optional. */
import type { AuditTrail } from '../audit/index.ts';
import type { Metrics, Traces } from '../telemetry/index.ts';

export type Observation = {
  readonly audit?: AuditTrail | undefined;
  readonly metrics?: Metrics | undefined;
  readonly traces?: Traces | undefined;
  /** One log line per HTTP request: at level info if true, otherwise at debug. */
  readonly requestLines?: boolean | undefined;
};
