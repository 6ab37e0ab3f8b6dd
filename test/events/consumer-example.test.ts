// The consumer from the documentation, exactly as printed, against a real RabbitMQ.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { endWithTest } from '../support/children.ts';
import { hasRabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import { startWorld } from './world.ts';

describe.skipIf(!hasRabbitMq)('with a real RabbitMQ', () => {
  test('the example consumer receives only the withdrawals, and ends on request', async () => {
    const rabbit = await startRabbitMq();
    const world = await startWorld();
    const example = path.resolve(import.meta.dirname, '../../examples/consumer.ts');
    const child = spawn(process.execPath, ['--conditions=coffer-source', example], {
      env: { RABBITMQ_URL: rabbit.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    endWithTest(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const bound = async () => expect(await rabbit.evaluate('length(rabbit_amqqueue:list()).')).toContain('1');
    await vi.waitFor(bound, { timeout: 120_000, interval: 200 });

    const broker = await world.broker(rabbit.url);
    await broker.relay();
    await world.post(3);
    await world.ledger.post({ kind: 'withdrawal', key: 'x', debit: { wallet: 'w2' }, credit: { system: 'cash_out' }, amount: 2n });
    await vi.waitFor(() => expect(output).toMatch(/^\S+Z w2 withdrew 2 of asset 1\n$/), { timeout: 120_000, interval: 50 });
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await world.stop();
    await rabbit.stop();
  });
});
