// Wires observability: the audit, metrics and traces.
import { AuditTrail } from '../audit/index.ts';
import type { Database } from '../database/index.ts';
import type { Observation } from '../gateway/index.ts';
import { productVersion } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Config } from './config.ts';
import type { Ledger } from '../ledger/index.ts';
import { projectionStatus } from '../projections/index.ts';
import { openRequests } from '../requests/index.ts';
import { Metrics, startTraces, withPostingSpans } from '../telemetry/index.ts';

/** `ledger` adds ledger metrics, and posting spans to the traces. */
export type Watch = { readonly observation: Observation; readonly metrics: Metrics; ledger(opened: Ledger): Ledger; stop(): Promise<void> };

/** Stop it after everything that it observes, and before the database. */
export async function startWatch({ observe, metadata }: Config, services: readonly string[], database: Database, log: Log): Promise<Watch> {
  const metrics = new Metrics(productVersion);
  const audit = observe.audit ? new AuditTrail({ url: database.url, reads: database.pool, keepDays: observe.auditDays, log }) : undefined;
  const service = services.length === 1 ? `coffer-${services[0]}` : 'coffer';
  const traces =
    observe.tracesUrl === null ? undefined : await startTraces({ endpoint: observe.tracesUrl, service, version: productVersion, log });
  metrics.watch({
    pools: { main: database.pool, ...(audit && { audit: audit.pool }) },
    ...(audit && { audit: () => audit.counts }),
  });
  return {
    // Also while nothing new is encrypted: a retry repeats what is.
    observation: { audit, hidesMetadata: metadata.keys !== null, metrics, traces, requestLines: observe.logRequests },
    metrics,
    ledger: (opened) => {
      metrics.watch({ books: () => opened.status(), projections: () => projectionStatus(database.pool, opened) });
      metrics.watch({ requests: () => openRequests(database.pool) });
      return traces ? withPostingSpans(opened) : opened;
    },
    stop: async () => {
      await Promise.all([audit?.stop(), traces?.stop()]);
    },
  };
}
