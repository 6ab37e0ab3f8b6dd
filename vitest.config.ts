import { defineConfig } from 'vitest/config';
import { citusSuites } from './test/citus.ts';
import { longerSuites, slowSuites } from './test/slow.ts';
import { clusterUrlVariable } from './test/support/citus.ts';
import { allRoundsVariable } from './test/support/rounds.ts';
import { summary } from './test/support/summary.ts';

const all = ['{packages,test,bench,scripts}/**/*.test.ts'];
const never = ['**/node_modules/**', '**/dist/**'];

/** Limits for a hung test, not for a slow one: eight seconds on an idle machine may take more than a minute on a busy one. */
function suite(name: string, include: string[], exclude: string[], boundMs: number, env: Record<string, string> = {}) {
  return {
    test: {
      name,
      include,
      exclude: [...never, ...exclude],
      env,
      // Processes, not threads: tests kill and restart servers, and a crash must not affect other files.
      pool: 'forks' as const,
      testTimeout: boundMs,
      hookTimeout: boundMs,
      // Times out before the test, so that the failure names the condition that was awaited.
      expect: { poll: { timeout: boundMs - 10_000 } },
    },
  };
}

/** "npm test" runs the project "fast", "npm run test:all" both; "npx vitest run <path>" finds a suite of either, or of both. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', summary],
    maxWorkers: 2,
    projects: [
      suite('fast', all, [...slowSuites], 120_000),
      ...(process.env[clusterUrlVariable] === undefined ? [] : [suite('citus', [...citusSuites], [], 600_000)]),
      suite('slow', [...slowSuites, ...longerSuites], [], 180_000, { [allRoundsVariable]: 'on' }),
    ],
  },
});
