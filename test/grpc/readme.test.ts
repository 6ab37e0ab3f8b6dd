import fs from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { outsider } from './outsider.ts';
import { startPlatform } from './platform.ts';

/** Each `grpcurl … -d '…' localhost:50052 ledger.LedgerService/Name` of the README, with the messages that it sends. */
function printed(): { readonly name: string; readonly messages: object[] }[] {
  const readme = fs.readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const lines = readme.matchAll(/^grpcurl .* -proto ledger\.proto -d '(.*)' localhost:50052 ledger\.LedgerService\/(\w+)$/gm);
  return [...lines].map(([, data = '', name = '']) => ({
    name,
    messages: data.split(/(?<=\}) (?=\{)/).map((message) => JSON.parse(message) as object),
  }));
}

test('the ledger.LedgerService calls in the README have the documented results on a fresh start', async () => {
  const platform = await startPlatform();
  const client = outsider(platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
  const calls = printed();
  expect(calls.map(({ name, messages }) => [name, messages.length])).toEqual([
    ['Post', 1],
    ['PostStream', 2],
    ['GetWallet', 1],
  ]);
  const [post, stream, read] = calls;
  expect(await client.call('Post', post?.messages[0] ?? {})).toMatchObject({
    status: status.OK,
    message: { results: [{ status: 'completed' }, { status: 'completed' }] },
  });
  const open = client.open('PostStream');
  const answers: unknown[] = [];
  open.on('data', (answer) => answers.push(answer));
  for (const message of stream?.messages ?? []) open.write(message);
  open.end();
  await once(open, 'end');
  expect(answers).toMatchObject([
    { id: '1', results: [{ status: 'completed', to: { id: 'g2', balance: '301' } }] },
    { id: '2', results: [{ status: 'completed', type: 'hold' }] },
  ]);
  expect(await client.call('GetWallet', read?.messages[0] ?? {})).toMatchObject({ message: { balance: '700', held: '200' } });
  client.close();
  await platform.stop();
});
