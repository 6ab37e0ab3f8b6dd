// The cache: what was read and is still true, in this process or in a Redis that several share; and counts that they share.
export type { Cache, Change, Question, Reading } from './cache.ts';
export { MemoryCache } from './memory.ts';
export { openCache } from './open.ts';
export type { CacheStatus, OpenedCache } from './open.ts';
export type { SharedCounter } from './shared-counter.ts';
