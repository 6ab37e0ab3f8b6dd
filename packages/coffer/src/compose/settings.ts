/** The settings of the processes themselves. */
import os from 'node:os';
import { settingGroup } from '../kernel/index.ts';
import type { Parser } from '../kernel/index.ts';

const workersMax = 256;

const workerCount: Parser<number> = {
  type: `1 to ${workersMax}, or auto`,
  parse: (text) => {
    if (text.toLowerCase() === 'auto') return { value: Math.min(workersMax, os.availableParallelism()) };
    const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
    return count >= 1 && count <= workersMax ? { value: count } : { instead: `a number of processes between 1 and ${workersMax}, or auto` };
  },
};

export const processSettings = settingGroup({
  title: 'Processes',
  rows: {
    workers: {
      name: 'COFFER_WORKERS',
      reads: workerCount,
      default: 1,
      absent: '1: everything in one process',
      meaning:
        'number of worker processes that serve REST and gRPC and own the books; auto: one for each core. With 2 or more, one more process supervises them and does the background work',
      example: 'auto',
    },
  },
  combine: ({ workers }) => ({ workers }),
});
