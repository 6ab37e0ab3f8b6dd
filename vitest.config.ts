import { defineConfig } from 'vitest/config';
import { summary } from './test/support/summary.ts';

export default defineConfig({
  test: {
    include: ['{server,cli,test,bench,scripts}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', summary],
    // Processes, not threads: tests kill and restart servers, and a crash must not take its neighbours along.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
