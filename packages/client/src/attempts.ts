/** Sends a request until it is answered: retries transient failures, within a number of attempts and a time. */
import { exchange } from './exchange.ts';
import type { Exchanged, Fetch, Lost, Prepared } from './exchange.ts';

export type Patience = {
  /** Maximum number of attempts. */
  readonly attemptsMax: number;
  /** How long one attempt may take. */
  readonly attemptTimeoutMs: number;
  /** The pause before the first retry; it doubles each time, and half of it is random. */
  readonly pauseMs: number;
};

export type Sending = {
  readonly fetch: Fetch;
  readonly patience: Patience;
  /** On performance.now()'s clock. */
  readonly endsAtMs: number;
  readonly signal: AbortSignal | undefined;
  /** False for a request that must not have two effects and has no key to prevent it. */
  readonly isRepeatable: boolean;
};

export type Attempted = {
  readonly last: Exchanged;
  readonly attempts: number;
  /** True once a request may have had an effect that was not answered. */
  readonly isUncertain: boolean;
};

const pauseMaxMs = 5_000;

/** Refusals that say nothing about an earlier attempt, because they precede the check for it. */
const aboutTheRequestOnly: ReadonlySet<number> = new Set([401, 403, 421]);

export async function sendUntilAnswered(request: Prepared, sending: Sending): Promise<Attempted> {
  const { patience, endsAtMs, signal } = sending;
  let isUncertain = false;
  for (let attempts = 1; ; attempts++) {
    const last = signal?.aborted ? abortedBefore(signal) : await sendOnce(request, sending);
    if (last.kind === 'answered') return { last, attempts, isUncertain: false };
    if (last.kind === 'refused') {
      return { last, attempts, isUncertain: isUncertain && aboutTheRequestOnly.has(last.refusal.status) };
    }
    isUncertain ||= last.outcome === 'unknown';
    const mayRepeat = (sending.isRepeatable || last.outcome === 'not_done') && attempts < patience.attemptsMax && !signal?.aborted;
    const pauseMs = Math.max(pauseBefore(attempts, patience), last.retryAfterMs ?? 0);
    if (!mayRepeat || performance.now() + pauseMs >= endsAtMs) return { last, attempts, isUncertain };
    await sleep(pauseMs, signal);
  }
}

async function sendOnce(request: Prepared, { fetch, patience, endsAtMs, signal }: Sending): Promise<Exchanged> {
  // Whole milliseconds for the timer; the clock has fractions.
  const timeoutMs = Math.max(1, Math.ceil(Math.min(patience.attemptTimeoutMs, endsAtMs - performance.now())));
  const timeout = AbortSignal.timeout(timeoutMs);
  return await exchange(fetch, request, signal ? AbortSignal.any([signal, timeout]) : timeout);
}

function abortedBefore(signal: AbortSignal): Lost {
  return { kind: 'lost', outcome: 'not_done', reason: 'The call was aborted.', cause: signal.reason };
}

function pauseBefore(attempts: number, { pauseMs }: Patience): number {
  const whole = Math.min(pauseMaxMs, pauseMs * 2 ** (attempts - 1));
  return whole / 2 + (Math.random() * whole) / 2;
}

/** Ends early, without an error, when the caller aborts: the loop checks that next. */
export async function sleep(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(stop, durationMs);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
  });
}
