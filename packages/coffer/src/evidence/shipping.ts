/** Ships the newest end of each book and of the audit, periodically and away from the posting path. */
import type { KeyObject } from 'node:crypto';
import { startLoop } from '../background/index.ts';
import type { Log } from '../kernel/index.ts';
import { deliver } from './destinations.ts';
import type { Destination } from './settings.ts';
import { lineOf } from './signing.ts';
import type { Head } from './signing.ts';

export type ShippingOptions = {
  /** The current end of each book and of each chain of the audit. */
  readonly heads: () => Promise<readonly Head[]>;
  readonly key: KeyObject | null;
  readonly destination: Destination;
  readonly everyMs: number;
  readonly allowPrivate: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
};

/** `lastMs`: when lines last arrived, in milliseconds since 1970; null before the first time. */
export type ShippingFigures = { readonly shipped: number; readonly failed: number; readonly lastMs: number | null };

export type Shipping = { figures(): ShippingFigures; stop(): Promise<void> };

const timeoutMs = 10_000;
const longestPauseMs = 600_000;

/**
 * Ships what has moved since the last success; a log that lost its end is not shipped over what proves the loss. Failures are retried
 * with growing pauses, and logged once. `stop` ships a last time, unless the destination is failing.
 */
export function startShipping(options: ShippingOptions): Shipping {
  const { heads, key, destination, everyMs, allowPrivate, env, log } = options;
  const shippedUntil = new Map<string, number>();
  let [shipped, failedTimes, isFailing] = [0, 0, false];
  let lastMs: number | null = null;

  const ship = async () => {
    const moved = (await heads()).filter((head) => positionOf(head) > (shippedUntil.get(nameOf(head)) ?? -1));
    if (moved.length === 0) return;
    const lines = moved.map((head) => `${lineOf(head, key)}\n`).join('');
    await deliver(lines, { destination, allowPrivate, env, timeoutMs });
    for (const head of moved) shippedUntil.set(nameOf(head), positionOf(head));
    shipped += moved.length;
    lastMs = Date.now();
    isFailing = false;
  };
  const failed = (failure: unknown, isFirst: boolean) => {
    failedTimes++;
    isFailing = true;
    const reason = failure instanceof Error ? failure.message : String(failure);
    if (isFirst) log.warn({ reason }, 'Could not ship a checkpoint (COFFER_CHECKPOINT_SHIP); retrying');
  };
  const recovered = () => log.info({}, 'Checkpoints are shipped again');
  const pauses = { first: Math.min(everyMs, 5_000), most: Math.max(everyMs, longestPauseMs) };
  const loop = startLoop({ work: ship, everyMs, pauses, failed, recovered });
  return {
    figures: () => ({ shipped, failed: failedTimes, lastMs }),
    async stop() {
      await loop.stop();
      if (!isFailing) await ship().catch((failure: unknown) => failed(failure, true));
    },
  };
}

function nameOf(head: Head): string {
  return 'audit' in head ? `audit ${head.audit}` : `book ${head.book}`;
}

function positionOf(head: Head): number {
  return 'audit' in head ? head.id : head.lastSeq;
}
