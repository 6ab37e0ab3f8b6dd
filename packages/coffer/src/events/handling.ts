/** What any broker's consumer does with a batch: asks the handler until it knows. */
import type { WakeSignal } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import { assert, Backoff } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Delivery, Handler, Verdict } from './broker.ts';

export const outagePauseMs = { first: 250, most: 10_000 } as const;

export type Handling = {
  readonly handler: Handler;
  readonly queue: string;
  readonly log: Log;
  readonly wake: WakeSignal;
  /** Nobody needs an answer any more. */
  readonly isOver: () => boolean;
};

/** The same batch until the handler says what became of it; null when there is no more use in asking. */
export async function verdictsOn(
  batch: readonly Delivery[],
  { handler, queue, log, wake, isOver }: Handling,
): Promise<readonly Verdict[] | null> {
  const backoff = new Backoff(outagePauseMs);
  for (;;) {
    try {
      const verdicts = await handler(batch);
      assert(verdicts.length === batch.length, 'a handler says of each delivery what became of it');
      return verdicts;
    } catch (failure) {
      if (!isOutage(failure)) log.error({ err: failure, queue }, 'A batch of events could not be handled; it comes again');
      else if (backoff.isFresh) log.warn({ queue, reason: (failure as Error).message }, 'Events wait: they cannot be handled now');
      await wake.pause(backoff.nextMs(), isOver);
      if (isOver()) return null;
    }
  }
}
