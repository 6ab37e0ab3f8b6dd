/** Workers in separate processes, to be killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { PayoutConfig } from '../../packages/coffer/src/requests/settings.ts';
import { endWithTest } from '../support/children.ts';

/** `point`: where it kills itself, if anywhere. */
export function startWorkerProcess(databaseUrl: string, payout: PayoutConfig, point = '') {
  const script = path.join(import.meta.dirname, 'worker-process.ts');
  const child = spawn(process.execPath, [script, databaseUrl, JSON.stringify(payout), point], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  endWithTest(child);
  return { kill: () => child.kill('SIGKILL'), gone: once(child, 'exit') as Promise<[number | null, string | null]> };
}
