// Runs the program of the documentation, verbatim, against a real server.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startProduct } from '../http/product.ts';
import { service } from '../access/world.ts';
import { temporaryHome } from '../support/server.ts';

const example = path.resolve(import.meta.dirname, '../../examples/live-events.ts');
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

test('the example prints each credit and debit once, and after a restart those it missed', async () => {
  const coffer = await startProduct({ live: { retryMs: 5 } }, { mode: 'required' });
  const { product, url } = coffer;
  const folder = temporaryHome();
  const file = path.join(folder, 'place.txt');
  const token = (await service(product, ['events:read'])).slice('Bearer '.length);
  let output = '';
  const start = () => {
    const env = { COFFER_URL: url, COFFER_TOKEN: token, PLACE_FILE: file };
    const child = spawn(process.execPath, ['--conditions=coffer-source', example], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return child;
  };
  const lines = () =>
    output
      .replaceAll(/^\S+Z /gm, '')
      .split('\n')
      .slice(0, -1);

  // From the beginning, so that its start time does not matter.
  fs.writeFileSync(file, '0-0');
  const before = await product.queries.events(500, undefined);
  const seeded = before.items.filter(({ type }) => type === 'FundsDeposited' || type === 'FundsWithdrawn').length;
  const first = start();
  await product.commands.deposit({ wallet: 'w', amount: 9n, key: 'd' });
  await product.commands.withdraw({ wallet: 'w', amount: 4n, key: 'w' });
  await expect.poll(() => lines().slice(seeded)).toEqual(['w received 9, and has 9', 'w paid out 4, and has 5']);
  first.kill('SIGTERM');
  expect(await once(first, 'exit')).toEqual([0, null]);

  await product.commands.deposit({ wallet: 'w', amount: 1n, key: 'e' });
  start();
  await expect.poll(() => lines().slice(seeded + 2)).toEqual(['w received 1, and has 6']);
  await coffer.stop();
  fs.rmSync(folder, { recursive: true });
});
