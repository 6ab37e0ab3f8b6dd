/** Notices changes of assets that other processes made. */
import { startLoop } from '../../background/index.ts';
import type { Loop } from '../../background/index.ts';
import type { Log } from '../../kernel/index.ts';
import type { Assets } from './assets.ts';

const everyMs = 1_000;

/**
 * Keeps the cache up to date, and says when it changed, so that the writers declare the change in their logs. No decision waits for this:
 * what is unknown is looked up, and the database refuses what a retirement forbids.
 */
export function watchAssets(assets: Assets, { log, changed }: { readonly log: Log; readonly changed: () => void }): Loop {
  let known: number | null = null;
  return startLoop({
    everyMs,
    firstMs: everyMs,
    work: async () => {
      const changes = await assets.changes();
      if (changes === known) return;
      known = changes;
      await assets.list();
      changed();
    },
    failed: (failure, isFirst) => {
      if (isFirst) log.debug({ err: failure }, 'Could not look for changed assets; retrying');
    },
  });
}
