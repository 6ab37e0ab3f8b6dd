/** Waits that report what they waited for and what they saw instead, long before the suite's own timeout ends a test silently. */
import { pause } from './load.ts';

/** Enough for a machine twenty times slower than an idle one, and less than the suite's own timeout of two minutes. */
const patienceMs = 100_000;

export type Wait = {
  /** The expected event, which completes "waited for": `20 more answers`. */
  readonly what: string;
  /** The actual state, reported on a timeout. */
  readonly seen: () => string;
  readonly withinMs?: number;
};

/** Polls. `gone`: why the condition can never hold, or false; called on each poll to end a futile wait. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  { everyMs = 10, gone = () => false, ...wait }: Wait & { readonly everyMs?: number; readonly gone?: () => string | false },
): Promise<void> {
  const { withinMs = patienceMs } = wait;
  const startMs = performance.now();
  while (!(await isSo())) {
    const why = gone();
    if (why !== false) throw new Error(`waited for ${wait.what}, but ${why}; ${wait.seen()}`);
    if (performance.now() - startMs > withinMs) throw new Error(tooLong(wait, withinMs));
    await pause(everyMs);
  }
}

/** The same for a promise. */
export async function within<T>(promise: Promise<T>, wait: Wait): Promise<T> {
  const { withinMs = patienceMs } = wait;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(tooLong(wait, withinMs))), withinMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLong({ what, seen }: Wait, withinMs: number): string {
  return `waited ${withinMs / 1_000} s for ${what}; instead: ${seen()}`;
}
