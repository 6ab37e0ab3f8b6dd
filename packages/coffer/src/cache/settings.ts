/** The settings of the cache. */
import { asRead, onOff, optional, peerUrl, settingGroup } from '../kernel/index.ts';

export const cacheSettings = settingGroup({
  title: 'Cache',
  rows: {
    redisUrl: {
      name: 'REDIS_URL',
      reads: optional(peerUrl(['redis:', 'rediss:'], 'rediss://:password@host:6379')),
      default: undefined,
      absent: 'each process has its own cache and limits',
      meaning: 'a Redis for cached histories and shared rate limits',
      example: 'rediss://:<password>@redis.example.com:6379',
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
