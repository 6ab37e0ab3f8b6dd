/** The settings of the cache. */
import { asRead, onOff, optional, settingGroup, urlOf } from '../kernel/index.ts';

export const cacheSettings = settingGroup({
  title: 'Cache',
  rows: {
    redisUrl: {
      name: 'REDIS_URL',
      reads: optional(urlOf(['redis:', 'rediss:'], 'redis://host:6379')),
      default: undefined,
      absent: 'each process has its own cache and limits',
      meaning: 'a Redis for cached histories and shared rate limits',
      example: 'redis://redis.example.com:6379',
      secret: true,
    },
    cachedReads: {
      name: 'COFFER_CACHE',
      reads: onOff,
      default: true,
      absent: 'on',
      meaning: 'keep the newest pages of histories in the memory of this process or in Redis',
      example: 'off',
    },
  },
  combine: asRead,
});
