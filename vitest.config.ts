import { defineConfig } from 'vitest/config';
import { summary } from './test/support/summary.ts';

export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', '**/dist/**'],
    include: ['{packages,test,bench,scripts}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', summary],
    // Processes, not threads: tests kill and restart servers, and a crash must not take its neighbours along.
    pool: 'forks',
    maxWorkers: 2,
    // All bounds are for a test that hangs, not for one on a machine that is busy: what takes two seconds alone may take twenty there.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
