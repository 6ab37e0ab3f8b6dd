// Wires rebuilding projections from the command line.
import { OperatorError } from '../kernel/index.ts';
import { projectionStatus, rebuild } from '../projections/index.ts';
import type { ProjectionStatus, RebuildProgress, Rebuilt } from '../projections/index.ts';
import { readOnly, withLedgerReader } from './commands.ts';
import type { Context } from './commands.ts';
import { projectionsOf } from './worker.ts';
import type { ProjectionParts } from './worker.ts';

export type Rebuildable = { readonly name: string; readonly comparable: boolean; readonly status: ProjectionStatus | null };

/** Which projections can be rebuilt, and the progress of each. */
export async function rebuildable(context: Context): Promise<Rebuildable[]> {
  return await withParts(context, 'look', async (parts) => {
    const statuses = await projectionStatus(parts.database.pool, parts.ledger);
    return projectionsOf(parts)
      .filter((projection) => projection.forget !== undefined)
      .map(({ name, tables }) => ({
        name,
        comparable: tables !== undefined,
        status: statuses.find((status) => status.name === name) ?? null,
      }));
  });
}

/** Works while Coffer and its worker are running. */
export async function rebuildProjection(
  context: Context,
  request: { readonly name: string; readonly check: boolean; readonly onProgress?: (done: RebuildProgress) => void },
): Promise<Rebuilt> {
  return await withParts(context, 'change', async (parts) => {
    const known = projectionsOf(parts);
    const projection = known.find(({ name }) => name === request.name);
    if (!projection) {
      const choices = known.filter((one) => one.forget !== undefined).map(({ name }) => name);
      throw new OperatorError(`There is no projection "${request.name}".`, `Choose one of ${choices.join(', ')}.`);
    }
    const { check, onProgress } = request;
    const { database, ledger, log } = parts;
    if (ledger.books.length === 0) throw new OperatorError('There is no event log yet.', 'Start Coffer once, then rebuild.');
    return await rebuild({ pool: database.pool, ledger, log, projection, check, ...(onProgress && { onProgress }) });
  });
}

/** Everything that projections need, without a worker. `look`: the database refuses all writes. */
export async function withParts<T>(context: Context, access: 'look' | 'change', work: (parts: ProjectionParts) => Promise<T>): Promise<T> {
  return await withLedgerReader(
    context,
    access === 'look' ? readOnly : {},
    async (database, ledger) => await work({ ...context, database, ledger }),
  );
}
