// What background work is made of: a connection of its own, listening, whose turn it is, a loop, deleting what is old, following a book.
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
export { takeTurn } from './turn.ts';
export { Wake } from './wake.ts';
