import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '../../../../../test/support/ports.ts';
import { refuseTakenPorts } from './listen.ts';

test('a taken port is an error that names the setting; a free one causes none', async () => {
  const server = net.createServer().listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  const listener = {
    what: 'the REST API',
    setting: 'PORT',
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
  };
  await expect(refuseTakenPorts([listener])).rejects.toMatchObject({
    name: 'OperatorError',
    message: expect.stringContaining('is taken by another program') as unknown,
    remedy: expect.stringContaining('PORT=') as unknown,
  });
  server.close();
  await once(server, 'close');
  await expect(refuseTakenPorts([listener])).resolves.toBeUndefined();
});
