import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';

/**
 * Everything that must hold before a change is shared, cheapest first; the tests come last, so that their summary ends the
 * output. --fast skips the slow suites.
 */
const checks = ['types', 'lint', 'format', 'boundaries', 'tidy', 'books', 'dead-code', 'contracts', 'lock'];
const tests = process.argv.includes('--fast') ? 'test' : 'test:all';
const root = path.resolve(import.meta.dirname, '..');
let current: ChildProcess | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    current?.kill(signal);
    process.exitCode = 1;
  });
}

const failed: string[] = [];
for (const check of checks) {
  if (!(await run(check, ['run', '--silent', `check:${check}`]))) failed.push(check);
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
if (!(await run('tests', ['run', '--silent', tests]))) process.exitCode = 1;

async function run(title: string, args: string[]): Promise<boolean> {
  console.log(`\n== ${title}`);
  current = spawn('npm', args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  current.once('error', reject);
  current.once('close', (code) => resolve(code === 0));
  return await promise;
}
