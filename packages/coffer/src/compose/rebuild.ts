// Rebuilding projections from the command line, put together. Wires, like main.ts.
import { openDatabase } from '../database/index.ts';
import { OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Config } from './config.ts';
import { openLedger } from '../ledger/index.ts';
import { projectionStatus, rebuild } from '../projections/index.ts';
import type { ProjectionStatus, Rebuilt, RebuildProgress } from '../projections/index.ts';
import { projectionsOf } from './worker.ts';
import type { ProjectionParts } from './worker.ts';

export type Rebuildable = { readonly name: string; readonly comparable: boolean; readonly status: ProjectionStatus | null };

/** What can be rebuilt, and how far each is. */
export async function rebuildable(config: Config, log: Log): Promise<Rebuildable[]> {
  return await withParts(config, log, async (parts) => {
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

/** Works beside a running Coffer: it goes on serving, and its worker goes on working. */
export async function rebuildProjection(
  config: Config,
  log: Log,
  asked: { readonly name: string; readonly check: boolean; readonly onProgress?: (done: RebuildProgress) => void },
): Promise<Rebuilt> {
  return await withParts(config, log, async (parts) => {
    const known = projectionsOf(parts);
    const projection = known.find(({ name }) => name === asked.name);
    if (!projection) {
      const choices = known.filter((one) => one.forget !== undefined).map(({ name }) => name);
      throw new OperatorError(`There is no projection "${asked.name}".`, `Choose one of ${choices.join(', ')}.`);
    }
    const { check, onProgress } = asked;
    const { database, ledger } = parts;
    return await rebuild({ pool: database.pool, ledger, log, projection, check, ...(onProgress && { onProgress }) });
  });
}

/** Everything that projections are made of, and no worker. */
export async function withParts<T>(config: Config, log: Log, work: (parts: ProjectionParts) => Promise<T>): Promise<T> {
  const database = await openDatabase(config, log, { whenRunning: 'join', whenAbsent: 'refuse' });
  try {
    const ledger = await openLedger({ url: database.url, log, books: config.books });
    try {
      return await work({ config, log, database, ledger });
    } finally {
      await ledger.stop();
    }
  } finally {
    await database.stop();
  }
}
