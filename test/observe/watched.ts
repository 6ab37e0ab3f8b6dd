/** A server over HTTP with audit, metrics and logs, on a separate database. */
import { expect } from 'vitest';
import { AuditTrail } from '../../packages/coffer/src/audit/index.ts';
import type { AuditOptions } from '../../packages/coffer/src/audit/index.ts';
import type { AccessMode } from '../../packages/coffer/src/gateway/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Log } from '../../packages/coffer/src/kernel/index.ts';
import type { Network } from '../../packages/coffer/src/gateway/network/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import type { MetadataVault } from '../../packages/coffer/src/metadata/index.ts';
import type pg from 'pg';
import { Metrics } from '../../packages/coffer/src/telemetry/index.ts';
import type { Traces } from '../../packages/coffer/src/telemetry/index.ts';
import { startProduct } from '../http/product.ts';
import type { AccountConditions, TestProduct } from '../http/product.ts';

export type Watched = TestProduct & { readonly audit: AuditTrail; readonly metrics: Metrics };

export type AuditedRow = Record<string, unknown> & { readonly id: number };

type Conditions = AccountConditions & {
  readonly log?: Log;
  readonly traces?: Traces;
  readonly audit?: Partial<AuditOptions>;
  readonly requestLines?: boolean;
  readonly mode?: AccessMode;
  readonly requestsPerMinute?: number;
  readonly trustedProxies?: readonly Network[];
  readonly ledger?: (opened: Ledger) => Ledger;
  readonly metadata?: (pool: pg.Pool) => MetadataVault;
};

export async function startWatched({
  log = silentLog(),
  traces,
  audit: auditOptions = {},
  requestLines,
  mode = 'open',
  requestsPerMinute,
  trustedProxies,
  ledger,
  metadata,
  rules,
  accounts,
}: Conditions = {}): Promise<Watched> {
  const metrics = new Metrics('0.0.0');
  let audit: AuditTrail | undefined;
  const product = await startProduct(
    { trustedProxies },
    {
      mode,
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
      observe: metrics.ledger,
      around: ledger,
      ...(metadata && { metadata }),
      ...(rules && { rules }),
      ...(accounts && { accounts }),
      watch: (url, pool) => {
        audit = new AuditTrail({ url, reads: pool, keepDays: 90, log, ...auditOptions });
        return { log, observation: { audit, metrics, traces, requestLines, hidesMetadata: metadata !== undefined } };
      },
    },
  );
  if (!audit) throw new Error('the product asks for its watch');
  const trail = audit;
  metrics.watch({ books: () => product.ledger.status(), pools: { main: product.pool }, audit: () => trail.counts });
  return {
    ...product,
    audit,
    metrics,
    stop: async () => {
      await trail.stop();
      await product.stop();
    },
  };
}

/** The audit rows in order, once there are as many as requested. */
export async function auditedRows({ pool, audit }: Pick<Watched, 'pool' | 'audit'>, count: number): Promise<AuditedRow[]> {
  await expect.poll(() => audit.counts.written).toBeGreaterThanOrEqual(count);
  const { rows } = await pool.query<AuditedRow>("select *, book || '-' || seq as operation_id from audit.request order by id");
  return rows;
}
