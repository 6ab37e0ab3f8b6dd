/** Decides how to treat a home whose lock another process holds. Times are in milliseconds. */
import type { ServerState } from './server-client.ts';

/** A joining process gives up when the server has not answered for this long. */
export const silentMaxMs = 30_000;
/** A recovering server answers that it is busy; a joining process waits this much longer for it. */
export const joinMaxMs = 300_000;
/** An owner that is about to leave (a command that ends, a killed process) releases its lock within this time. */
export const leavingMaxMs = 2_000;
/** The longest that an owner takes to stop its server, and usually to start it. */
export const transitionMaxMs = 30_000;

export type Contention = {
  readonly whenRunning: 'refuse' | 'join';
  /** Whether the owner has announced a ready server; false while it starts or stops. */
  readonly isAnnounced: boolean;
  /** How long this process has found the lock held. */
  readonly heldMs: number;
  /** How long the server has given no answer at all. */
  readonly silentMs: number;
  readonly server: ServerState;
};

/** `wait`: check again in a moment. There is no "stop the server": only a holder of the lock may do that. */
export function nextStep(contention: Contention): 'wait' | 'join' | 'refuse' | 'give up' {
  const { whenRunning, isAnnounced, heldMs, silentMs, server } = contention;
  if (whenRunning === 'refuse') return heldMs > (isAnnounced ? leavingMaxMs : transitionMaxMs) ? 'refuse' : 'wait';
  if (isAnnounced && server === 'ready') return 'join';
  return silentMs > silentMaxMs || heldMs > joinMaxMs ? 'give up' : 'wait';
}
