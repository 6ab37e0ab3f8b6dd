/** Runs the suites of the ledger against the Citus cluster that CITUS_URL names; without one it says so and succeeds. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { clusterUrlVariable } from '../test/support/citus.ts';

if (process.env[clusterUrlVariable] === undefined) {
  console.log(`test:citus: skipped, because ${clusterUrlVariable} names no cluster (docs/operating/citus.md)`);
} else {
  const root = path.resolve(import.meta.dirname, '..');
  const runner = path.join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [runner, 'run', '--project', 'citus', ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
