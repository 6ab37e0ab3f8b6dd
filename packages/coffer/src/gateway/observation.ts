/** Records every request, over either transport: audit, metrics, trace, a log line. Each is optional. */
import type { AuditTrail } from '../audit/index.ts';
import { jsonWithoutSecrets } from '../kernel/index.ts';
import type { Metrics, Traces } from '../telemetry/index.ts';

export type Observation = {
  readonly audit?: AuditTrail | undefined;
  /** Hides metadata in the audited bodies: it is encrypted in the ledger, and must not be readable here. */
  readonly hidesMetadata?: boolean | undefined;
  readonly metrics?: Metrics | undefined;
  readonly traces?: Traces | undefined;
  /** One log line per HTTP request: at level info if true, otherwise at debug. */
  readonly requestLines?: boolean | undefined;
};

/** The body of a request, as the audit stores it. */
export function auditedBody(body: unknown, { hidesMetadata = false }: Observation): string {
  return jsonWithoutSecrets(body, hidesMetadata ? 'metadata' : null);
}
