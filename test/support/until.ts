/** Waiting that says what it waited for, and what it saw instead, long before the suite's own bound ends a test without a word. */
import { pause } from './load.ts';

/** Enough for a machine that is twenty times slower than a quiet one; a test may wait a few times before its own bound of five minutes. */
const patienceMs = 100_000;

export type Wait = {
  /** What is waited for, to be read after "waited for": `20 more answers`. */
  readonly what: string;
  /** What there is instead, told when it took too long. */
  readonly seen: () => string;
  readonly withinMs?: number;
};

/** Asks again and again. `gone`: says why it will never come, or false; asked each time, so that nothing is waited for in vain. */
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
