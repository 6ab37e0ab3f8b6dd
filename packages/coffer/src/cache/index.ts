// The cache: pages of history, in this process or in a Redis that several share; and counters that they share.
export { openCache } from './open.ts';
export type { CacheStatus, OpenedCache } from './open.ts';
export type { PageCache } from './pages.ts';
export type { SharedCounter } from './shared-counter.ts';
