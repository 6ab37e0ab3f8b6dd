import { defineConfig } from 'vitest/config';
import { slowSuites } from './test/slow.ts';
import { summary } from './test/support/summary.ts';

const all = ['{packages,test,bench,scripts}/**/*.test.ts'];
const never = ['**/node_modules/**', '**/dist/**'];

/** Bounds for a test that hangs, not for one on a busy machine: what takes two seconds alone may take twenty there. */
function suite(name: string, include: string[], exclude: string[], boundMs: number) {
  return {
    test: {
      name,
      include,
      exclude: [...never, ...exclude],
      // Processes, not threads: tests kill and restart servers, and a crash must not take its neighbours along.
      pool: 'forks' as const,
      testTimeout: boundMs,
      hookTimeout: boundMs,
      // Ends before the test does, so that the failure says what was waited for.
      expect: { poll: { timeout: boundMs - 10_000 } },
    },
  };
}

/** "npm test" runs the project "fast", "npm run test:all" both; "npx vitest run <path>" finds a suite of either. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', summary],
    maxWorkers: 2,
    projects: [suite('fast', all, [...slowSuites], 60_000), suite('slow', [...slowSuites], [], 180_000)],
  },
});
