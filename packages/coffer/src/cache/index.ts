// The cache: reads that are still valid, in this process or in a Redis that several share; and counters that they share.
export type { Cache, Change, Question, Reading } from './cache.ts';
export { MemoryCache } from './memory.ts';
export { openCache } from './open.ts';
export type { CacheStatus, OpenedCache } from './open.ts';
export type { SharedCounter } from './shared-counter.ts';
