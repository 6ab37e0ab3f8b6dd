// The cache: pages of history, in this process or in a Redis that several share; and counters that they share.
export { counterOf, WindowCounter } from './counter.ts';
export type { Counter } from './counter.ts';
export { openCache } from './open.ts';
export type { CacheStatus, OpenedCache } from './open.ts';
export type { PageCache } from './pages.ts';
