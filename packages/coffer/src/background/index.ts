// Building blocks of background work: a session, a listener, a lock, a loop, a clock, retention, a follower of book logs.
export { Follower } from './follower.ts';
export type { Followed, Position } from './follower.ts';
export { Listener } from './listener.ts';
export type { ListenerOptions } from './listener.ts';
export { startLoop } from './loop.ts';
export type { Loop, LoopOptions } from './loop.ts';
export { Retention } from './retention.ts';
export type { RetentionOptions } from './retention.ts';
export { openSession } from './session.ts';
export type { Session, SessionOptions } from './session.ts';
export { trySessionLock } from './session-lock.ts';
export { putWaitsRight, SteadyClock } from './steady-clock.ts';
export { WakeSignal } from './wake-signal.ts';
