import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/**
 * Checks that the committed generated files match the code: each script of package.json called "generate:…" is run with --check,
 * which compares and writes nothing.
 */
const root = path.resolve(import.meta.dirname, '..');
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const generators = Object.keys(manifest.scripts).filter((name) => name.startsWith('generate:'));

for (const name of generators) {
  const run = spawnSync('npm', ['run', '--silent', name, '--', '--check'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (run.status === 0) continue;
  console.error(`${name}: the committed contract differs from the code. Run: npm run ${name}`);
  process.exitCode = 1;
}
if (process.exitCode === undefined) console.log(`contracts: ${generators.join(', ') || 'none'} as committed`);
