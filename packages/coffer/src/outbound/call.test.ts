import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { Webhook } from 'standardwebhooks';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../../../../test/support/ports.ts';
import { callOut, newSecret } from './index.ts';
import type { Called, CallOptions } from './index.ts';
import type { Names } from './names.ts';

const secret = newSecret();
const folder = path.resolve(import.meta.dirname, '../../../../test/support/tls');
const credentials = { key: fs.readFileSync(path.join(folder, 'key.pem')), cert: fs.readFileSync(path.join(folder, 'cert.pem')) };

const servers: net.Server[] = [];
const sockets = new Set<net.Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** The port of a server on loopback. */
async function listen(server: net.Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

type Received = { readonly method: string; readonly url: string; readonly headers: http.IncomingHttpHeaders; readonly body: string };

function recording(answer: (response: http.ServerResponse, received: Received) => void): {
  handle: http.RequestListener;
  seen: Received[];
} {
  const seen: Received[] = [];
  const handle: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(received);
      answer(response, received);
    });
  };
  return { handle, seen };
}

async function call(url: string, changes: Partial<CallOptions> = {}, names?: Names): Promise<Called> {
  const options = { url, secrets: [secret], id: 'evt-1-42-1', body: '{"a":1}', timeoutMs: 5_000, allowPrivate: true, ...changes };
  return names ? await callOut(options, names) : await callOut(options);
}

test('a call is one signed POST of the unchanged body, which every secret verifies and no other', async () => {
  const { handle, seen } = recording((response) => response.writeHead(202, { 'retry-after': '7' }).end('thanks'));
  const port = await listen(http.createServer(handle));
  const [older, body] = [newSecret(), '{"text":"schön \\u0000 😀", "spaced":  1}'];
  const called = await call(`http://127.0.0.1:${port}/hooks?a=b`, { body, secrets: [secret, older] });
  expect(called).toEqual({ kind: 'answered', status: 202, body: 'thanks', elapsedMs: expect.any(Number) as number, retryAfterSeconds: 7 });
  const [received] = seen;
  expect(received).toMatchObject({ method: 'POST', url: '/hooks?a=b', body, headers: { 'webhook-id': 'evt-1-42-1' } });
  expect(received?.headers['user-agent']).toMatch(/^Coffer\/\d/);
  expect(String(received?.headers['webhook-signature']).split(' ')).toHaveLength(2);
  const headers = received?.headers as Record<string, string>;
  for (const known of [secret, older]) expect(new Webhook(known).verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow('No matching signature');
  expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow('No matching signature');
  expect(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'evt-1-42-2' })).toThrow('No matching signature');
});

test('a redirect is an answer and is not followed', async () => {
  const elsewhere = recording((response) => response.end());
  const target = await listen(http.createServer(elsewhere.handle));
  const { handle } = recording((response) => response.writeHead(307, { location: `http://127.0.0.1:${target}/` }).end());
  const port = await listen(http.createServer(handle));
  expect(await call(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'answered', status: 307 });
  expect(elsewhere.seen).toEqual([]);
});

test('only the beginning of an endless answer is read, and the connection ends', async () => {
  let cut = false;
  let sent = 0;
  const endless = http.createServer((request, response) => {
    request.resume();
    response.on('close', () => (cut = true));
    const more = () => {
      do sent += 1_000;
      while (response.write('x'.repeat(1_000)) && !cut);
    };
    response.on('drain', more);
    more();
  });
  const port = await listen(endless);
  expect(await call(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'answered', status: 200, body: 'x'.repeat(4_096) });
  await expect.poll(() => cut).toBe(true);
  // What the sockets buffer, and not what can be sent until the deadline.
  expect(sent).toBeLessThan(16 * 2 ** 20);
});

test('a status that was answered counts, even when the rest of the answer never comes', async () => {
  const { handle } = recording((response) => response.writeHead(200, { 'content-length': '100' }).write('begun'));
  const port = await listen(http.createServer(handle));
  expect(await call(`http://127.0.0.1:${port}/`, { timeoutMs: 2_000 })).toMatchObject({ kind: 'answered', status: 200, body: 'begun' });
});

function drip(socket: net.Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
  const dripping = setInterval(() => socket.write('x'), 20);
  socket.on('close', () => clearInterval(dripping));
}

test.each([
  ['says nothing', () => undefined],
  ['sends its head byte by byte', drip],
])('a server that accepts and %s times out at the deadline', async (_what, answer) => {
  const port = await listen(net.createServer(answer));
  expect(await call(`http://127.0.0.1:${port}/`, { timeoutMs: 200 })).toMatchObject({ kind: 'failed', why: 'no answer within 200 ms' });
});

test('a silent name server times out at the deadline, too', async () => {
  const never: Names = () => new Promise(() => undefined);
  const dangling = call('http://slow.example/', { timeoutMs: 200 }, async (host, deadline) => {
    await Promise.race([never(host, deadline), new Promise((_, reject) => deadline.addEventListener('abort', reject))]);
    return [];
  });
  expect(await dangling).toMatchObject({ kind: 'failed', why: 'no answer within 200 ms' });
});

test('the reason of a failed call says what to look for', async () => {
  const rude = await listen(net.createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')));
  expect(await call(`http://127.0.0.1:${rude}/`)).toMatchObject({ kind: 'failed', why: 'the answer is not HTTP' });
  const hasty = await listen(net.createServer((socket) => socket.resume().once('data', () => socket.resetAndDestroy())));
  expect(await call(`http://127.0.0.1:${hasty}/`)).toMatchObject({ kind: 'failed', why: 'the connection was cut' });
  expect(await call(`http://127.0.0.1:${await freePort()}/`)).toMatchObject({ kind: 'failed', why: 'nothing listens there' });
});

test('a name is looked up once per call, and the connection goes to the checked address, whatever the next look-up returns', async () => {
  const { handle, seen } = recording((response) => response.end());
  const port = await listen(http.createServer(handle));
  const answers = [['127.0.0.1'], ['203.0.113.1']];
  let asked = 0;
  const rebinding: Names = () => Promise.resolve(answers[asked++] ?? []);
  expect(await call(`http://rebound.example:${port}/`, {}, rebinding)).toMatchObject({ kind: 'answered', status: 200 });
  expect(asked).toBe(1);
  expect(seen[0]?.headers.host).toBe(`rebound.example:${port}`);
});

test('nothing is sent to a private address unless that is allowed', async () => {
  let connections = 0;
  const port = await listen(net.createServer(() => connections++));
  const names: Names = () => Promise.resolve(['127.0.0.1']);
  const refused = { kind: 'refused', why: 'it resolves to 127.0.0.1, which is not a public address' };
  expect(await call(`https://127.0.0.1:${port}/`, { allowPrivate: false })).toEqual(refused);
  expect(await call(`https://inside.example:${port}/`, { allowPrivate: false }, names)).toEqual(refused);
  expect(connections).toBe(0);
});

test('a certificate must be trusted, and be for the host that is called', async () => {
  const { handle, seen } = recording((response) => response.end('over TLS'));
  const port = await listen(https.createServer(credentials, handle));
  const here: Names = () => Promise.resolve(['127.0.0.1']);
  const bySystem = tls.getCACertificates('default');
  expect(await call(`https://coffer.test:${port}/`, {}, here)).toMatchObject({
    kind: 'failed',
    why: 'its certificate is self-signed',
  });
  try {
    tls.setDefaultCACertificates([credentials.cert]);
    expect(await call(`https://other.test:${port}/`, {}, here)).toMatchObject({ why: 'its certificate is for another name' });
    expect(seen).toEqual([]);
    expect(await call(`https://coffer.test:${port}/`, {}, here)).toMatchObject({ status: 200, body: 'over TLS' });
  } finally {
    tls.setDefaultCACertificates(bySystem);
  }
});

test('an ambiguous id and an invalid secret are bugs of the caller', async () => {
  await expect(call('http://127.0.0.1:1/', { id: 'a.b' })).rejects.toThrow('no dot');
  await expect(call('http://127.0.0.1:1/', { secrets: ['whsec_c2hvcnQ='] })).rejects.toThrow('24 to 64 bytes');
});

test('an aborted call has failed, before it begins and while it waits for an answer', async () => {
  const port = await listen(http.createServer(() => givingUp.abort()));
  const givingUp = new AbortController();
  const options = { timeoutMs: 600_000, signal: givingUp.signal };
  const failed = { kind: 'failed', why: 'the call was aborted' };
  expect(await call(`http://127.0.0.1:${port}/`, options)).toMatchObject(failed);
  expect(await call(`http://127.0.0.1:${port}/`, options)).toMatchObject(failed);
});
