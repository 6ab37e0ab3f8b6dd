/** What is noted of every request, over either transport: the audit, the figures, the trace, a line in the log. Each may be absent. */
import type { AuditTrail } from '../audit/index.ts';
import type { Metrics, Traces } from '../telemetry/index.ts';

export type Observation = {
  readonly audit?: AuditTrail | undefined;
  readonly metrics?: Metrics | undefined;
  readonly traces?: Traces | undefined;
  /** A log line per HTTP request: at level info when true, else at debug. */
  readonly requestLines?: boolean | undefined;
};
