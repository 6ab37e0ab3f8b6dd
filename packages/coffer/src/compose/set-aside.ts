// Wires the inspection and retry of projections and their quarantined events, for operators.
import { OperatorError } from '../kernel/index.ts';
import { projectionStatus, SetAsides } from '../projections/index.ts';
import type { ProjectionStatus, Retried, SetAside } from '../projections/index.ts';
import type { Context } from './commands.ts';
import { withParts } from './rebuild.ts';
import { projectionsOf } from './worker.ts';
import type { ProjectionParts } from './worker.ts';

/** More than a projection ever quarantines. */
const listedMax = 1_000;

/** Status per projection; null if no worker has started it. */
export type Followed = { readonly name: string; readonly status: ProjectionStatus | null };

export async function followed(context: Context): Promise<Followed[]> {
  return await withParts(context, 'look', async (parts) => {
    const statuses = await projectionStatus(parts.database.pool, parts.ledger);
    return projectionsOf(parts).map(({ name }) => ({ name, status: statuses.find((status) => status.name === name) ?? null }));
  });
}

/** Newest first. */
export async function setAsideOf(context: Context, name: string): Promise<readonly SetAside[]> {
  return await withSetAsides(
    context,
    'look',
    async (setAsides) => (await setAsides.list(name, { limit: listedMax }))?.items ?? unknown(setAsides, name),
  );
}

/**
 * Works while the worker is running: each event is retried in a transaction that locks the worker out of its book. Without ids,
 * retries all.
 */
export async function retryOf(context: Context, name: string, ids: readonly string[]): Promise<Retried> {
  return await withSetAsides(context, 'change', async (setAsides) => {
    const retried = (await setAsides.retry(name, ids.length > 0 ? ids : undefined)) ?? unknown(setAsides, name);
    if (ids.length > 0 && retried.notSetAside.length === ids.length)
      throw new OperatorError(
        `${name} has none of these events in quarantine: they were applied, or never failed.`,
        `Take ids from "coffer projections set-aside ${name}".`,
      );
    return retried;
  });
}

/** Also used by the API for operators. */
export function openSetAsides(parts: ProjectionParts): SetAsides {
  return new SetAsides({ pool: parts.database.pool, ledger: parts.ledger, log: parts.log, projections: projectionsOf(parts) });
}

async function withSetAsides<T>(context: Context, access: 'look' | 'change', work: (setAsides: SetAsides) => Promise<T>): Promise<T> {
  return await withParts(context, access, async (parts) => await work(openSetAsides(parts)));
}

function unknown({ names }: SetAsides, name: string): never {
  throw new OperatorError(`There is no projection "${name}".`, `Choose one of ${names.join(', ')}.`);
}
