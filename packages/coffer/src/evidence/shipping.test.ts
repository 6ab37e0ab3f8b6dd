import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../kernel/index.ts';
import { deliver } from './destinations.ts';
import type { Destination } from './settings.ts';
import { startShipping } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-shipping-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function headAt(lastSeq: number, book = 1) {
  return { ledger: 'l', book, batchNo: lastSeq, lastSeq, hash: 'ab', at: '2026-11-21T02:21:24.118Z' };
}

function seqsIn(file: string): number[] {
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.map((line) => (JSON.parse(line) as { lastSeq: number }).lastSeq);
}

function recordingLog() {
  const said: string[] = [];
  const note = (_fields: unknown, text?: string) => void said.push(text ?? '');
  return { log: { ...silentLog(), warn: note, info: note } as ReturnType<typeof silentLog>, said };
}

describe('shipping', () => {
  test('sends the newest end of each book that moved, and a last time at the stop', async () => {
    const file = path.join(folder, 'out.jsonl');
    let heads = [headAt(5), headAt(7, 2)];
    const destination: Destination = { kind: 'file', file };
    const shipping = startShipping({
      heads: async () => heads,
      key: null,
      destination,
      everyMs: 10,
      allowPrivate: false,
      env: {},
      log: silentLog(),
    });
    await expect.poll(() => seqsIn(file)).toEqual([5, 7]);
    heads = [headAt(6), headAt(7, 2)];
    await expect.poll(() => seqsIn(file)).toEqual([5, 7, 6]);
    // A log that lost its end is not shipped.
    heads = [headAt(3), headAt(9, 2)];
    await shipping.stop();
    expect(seqsIn(file)).toEqual([5, 7, 6, 9]);
    expect(shipping.figures()).toMatchObject({ shipped: 4, failed: 0, lastMs: expect.any(Number) as unknown });
  });

  test('sends not more often than it is asked to', async () => {
    const file = path.join(folder, 'out.jsonl');
    let seq = 0;
    const destination: Destination = { kind: 'file', file };
    const heads = async () => [headAt(++seq)];
    const shipping = startShipping({ heads, key: null, destination, everyMs: 60_000, allowPrivate: false, env: {}, log: silentLog() });
    await expect.poll(() => seqsIn(file)).toEqual([1]);
    await shipping.stop();
    expect(seqsIn(file)).toEqual([1, 2]);
  });

  test('retries what failed, logs it once, and counts it', async () => {
    const file = path.join(folder, 'later', 'out.jsonl');
    const { log, said } = recordingLog();
    const destination: Destination = { kind: 'file', file };
    const shipping = startShipping({
      heads: async () => [headAt(5)],
      key: null,
      destination,
      everyMs: 5,
      allowPrivate: false,
      env: {},
      log,
    });
    await expect.poll(() => shipping.figures().failed).toBeGreaterThan(2);
    expect(shipping.figures()).toMatchObject({ shipped: 0, lastMs: null });
    fs.mkdirSync(path.dirname(file));
    await expect.poll(() => seqsIn(file)).toEqual([5]);
    await shipping.stop();
    expect(said).toEqual([expect.stringContaining('Could not ship'), 'Checkpoints are shipped again']);
  });
});

describe('delivery', () => {
  const how = { allowPrivate: true, env: { PATH: process.env['PATH'], MARK: 'mark' }, timeoutMs: 10_000 };

  test('to a file appends, also after a line that a crash cut short', async () => {
    const file = path.join(folder, 'out.jsonl');
    fs.writeFileSync(file, 'cut');
    await deliver('a\n', { ...how, destination: { kind: 'file', file } });
    await deliver('b\nc\n', { ...how, destination: { kind: 'file', file } });
    expect(fs.readFileSync(file, 'utf8')).toBe('cut\na\nb\nc\n');
  });

  test('to a URL posts the lines, takes only 2xx as success, and obeys the rule of private addresses', async () => {
    const bodies: string[] = [];
    let status = 204;
    const server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(`${request.method} ${request.headers['content-type']} ${body}`);
        response.writeHead(status).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const destination: Destination = { kind: 'url', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x` };
    await deliver('a\n', { ...how, destination });
    status = 302;
    await expect(deliver('a\n', { ...how, destination })).rejects.toThrow('status 302');
    await expect(deliver('a\n', { ...how, destination, allowPrivate: false })).rejects.toThrow('https');
    server.close();
    expect(bodies).toEqual(['POST application/x-ndjson a\n', 'POST application/x-ndjson a\n']);
    await expect(deliver('a\n', { ...how, destination })).rejects.toThrow('nothing listens there');
  });

  test('to a program writes its standard input, without a shell, and takes its exit code', async () => {
    const program = path.join(folder, 'ship it');
    const out = path.join(folder, 'out');
    const script = (last: string) =>
      fs.writeFileSync(program, `#!/bin/sh\ncat > "${out}"\necho "$MARK $HOME" >> "${out}"\n${last}\n`, { mode: 0o755 });
    script('exit 0');
    await deliver('a\n', { ...how, destination: { kind: 'program', program } });
    expect(fs.readFileSync(out, 'utf8')).toBe('a\nmark \n');
    script('exit 3');
    await expect(deliver('a\n', { ...how, destination: { kind: 'program', program } })).rejects.toThrow('exit code 3');
    await expect(deliver('a\n', { ...how, destination: { kind: 'program', program: `${program} x` } })).rejects.toThrow('ENOENT');
    script('exec sleep 60');
    await expect(deliver('a\n', { ...how, timeoutMs: 500, destination: { kind: 'program', program } })).rejects.toThrow('SIGKILL');
  });
});
