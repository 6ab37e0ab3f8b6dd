/** Shared by all consumers: calls the handler with a batch until it gives verdicts. */
import type { WakeSignal } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import { assert, Backoff } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { BrokerUnavailable } from './broker.ts';
import type { Verdict } from './broker.ts';

export const outagePauseMs = { first: 250, most: 10_000 } as const;

export type Handling<Item> = {
  readonly handler: (batch: readonly Item[]) => Promise<readonly Verdict[]>;
  readonly queue: string;
  readonly log: Log;
  readonly wake: WakeSignal;
  /** The verdicts are no longer needed. */
  readonly isOver: () => boolean;
};

/** Retries the batch until the handler returns verdicts; null once they are no longer needed. */
export async function verdictsOn<Item>(
  batch: readonly Item[],
  { handler, queue, log, wake, isOver }: Handling<Item>,
): Promise<readonly Verdict[] | null> {
  const backoff = new Backoff(outagePauseMs);
  for (;;) {
    try {
      const verdicts = await handler(batch);
      assert(verdicts.length === batch.length, 'a handler returns a verdict per delivery');
      return verdicts;
    } catch (failure) {
      const isAway = failure instanceof BrokerUnavailable || isOutage(failure);
      if (!isAway) log.error({ err: failure, queue }, 'Handling a batch of events failed; it is delivered again');
      else if (backoff.isFresh) log.warn({ queue, reason: (failure as Error).message }, 'Events wait: handling is not possible now');
      await wake.pause(backoff.nextMs(), isOver);
      if (isOver()) return null;
    }
  }
}
