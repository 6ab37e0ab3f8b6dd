/** What a process does about a home whose lock another process holds. Times are in milliseconds. */
import type { ServerState } from './server-client.ts';

/** Without any answer from the server for this long, a joining process gives up. */
export const silentMaxMs = 30_000;
/** A server that recovers answers that it is busy; a joining process waits for that much longer. */
export const joinMaxMs = 300_000;
/** An owner that is about to leave (a command that ends, a killed process) releases its lock within this. */
export const leavingMaxMs = 2_000;
/** The longest that an owner takes to stop its server, and a start takes as a rule. */
export const transitionMaxMs = 30_000;

export type Contention = {
  readonly whenRunning: 'refuse' | 'join';
  /** Whether the owner has announced a server that is ready; not so while it starts or stops. */
  readonly isAnnounced: boolean;
  /** For how long this process has found the lock held. */
  readonly heldMs: number;
  /** For how long the server has given no answer at all. */
  readonly silentMs: number;
  readonly server: ServerState;
};

/** `wait`: look again in a moment. No answer is "stop the server": only a holder of the lock may do that. */
export function nextStep(contention: Contention): 'wait' | 'join' | 'refuse' | 'give up' {
  const { whenRunning, isAnnounced, heldMs, silentMs, server } = contention;
  if (whenRunning === 'refuse') return heldMs > (isAnnounced ? leavingMaxMs : transitionMaxMs) ? 'refuse' : 'wait';
  if (isAnnounced && server === 'ready') return 'join';
  return silentMs > silentMaxMs || heldMs > joinMaxMs ? 'give up' : 'wait';
}
