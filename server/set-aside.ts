// Projections and what they set aside, looked at and tried again from the command line, put together. Wires, like main.ts.
import { OperatorError } from './kernel/index.ts';
import type { Config, Log } from './kernel/index.ts';
import { listSetAside, projectionStatus, retrySetAside } from './projections/index.ts';
import type { Projection, ProjectionStatus, Retried, SetAside } from './projections/index.ts';
import { withParts } from './rebuild.ts';
import { projectionsOf } from './worker.ts';
import type { ProjectionParts } from './worker.ts';

/** Of each projection that there is; null: no worker has begun it. */
export type Followed = { readonly name: string; readonly status: ProjectionStatus | null };

export async function followed(config: Config, log: Log): Promise<Followed[]> {
  return await withParts(config, log, async (parts) => {
    const statuses = await projectionStatus(parts.database.pool, parts.ledger);
    return projectionsOf(parts).map(({ name }) => ({ name, status: statuses.find((status) => status.name === name) ?? null }));
  });
}

export async function setAsideOf(config: Config, log: Log, name: string): Promise<SetAside[]> {
  return await withParts(config, log, async (parts) => await listSetAside(parts.database.pool, named(parts, name).name));
}

/** Works beside a running worker: each event is tried in a transaction that keeps the worker from its book. Without ids, every one. */
export async function retryOf(config: Config, log: Log, name: string, ids: readonly string[]): Promise<Retried> {
  return await withParts(config, log, async (parts) => {
    const projection = named(parts, name);
    const { database, ledger } = parts;
    const retried = await retrySetAside({ pool: database.pool, ledger, log, projection, ...(ids.length > 0 && { ids }) });
    if (ids.length > 0 && retried.notSetAside.length === ids.length)
      throw new OperatorError(
        `${name} has none of these events set aside: they were applied, or never failed.`,
        `Take ids from "coffer projections set-aside ${name}".`,
      );
    return retried;
  });
}

function named(parts: ProjectionParts, name: string): Projection {
  const known = projectionsOf(parts);
  const projection = known.find((one) => one.name === name);
  if (projection) return projection;
  throw new OperatorError(`There is no projection "${name}".`, `Choose one of ${known.map((one) => one.name).join(', ')}.`);
}
