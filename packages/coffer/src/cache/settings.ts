/** The settings of the cache. */
import { asRead, onOff, optional, settingGroup, urlOf } from '../kernel/index.ts';

export const cacheSettings = settingGroup({
  title: 'Cache',
  rows: {
    redisUrl: {
      name: 'REDIS_URL',
      reads: optional(urlOf(['redis:', 'rediss:'], 'redis://host:6379')),
      default: undefined,
      absent: 'each process has its own',
      meaning: 'a Redis for cached reads and shared rate limits',
      example: 'redis://redis.example.com:6379',
      secret: true,
    },
    cachedReads: {
      name: 'COFFER_CACHE',
      reads: onOff,
      default: true,
      absent: 'on',
      meaning: 'answer wallet reads and first history pages from the cache of this process or of Redis',
      example: 'off',
    },
  },
  combine: asRead,
});
