/** Notices changes of assets and of the chart of accounts that other processes made. */
import { startLoop } from '../../background/index.ts';
import type { Loop } from '../../background/index.ts';
import type { Log } from '../../kernel/index.ts';

const everyMs = 1_000;

/** Cached definitions: assets, the chart of accounts. */
export type Definitions = {
  /** How many there are: grows with each change. */
  changes(): Promise<number>;
  list(): Promise<unknown>;
};

/**
 * Keeps the caches up to date, and says when one changed, so that the writers declare the change in their logs. No decision waits for this:
 * what is unknown is looked up, and the database refuses what a retirement forbids.
 */
export function watchDefinitions(all: readonly Definitions[], { log, changed }: { readonly log: Log; readonly changed: () => void }): Loop {
  const known = new Map<Definitions, number>();
  return startLoop({
    everyMs,
    firstMs: everyMs,
    work: async () => {
      let isChanged = false;
      for (const definitions of all) {
        const changes = await definitions.changes();
        if (changes === known.get(definitions)) continue;
        known.set(definitions, changes);
        await definitions.list();
        isChanged = true;
      }
      if (isChanged) changed();
    },
    failed: (failure, isFirst) => {
      if (isFirst) log.debug({ err: failure }, 'Could not look for changed definitions; retrying');
    },
  });
}
