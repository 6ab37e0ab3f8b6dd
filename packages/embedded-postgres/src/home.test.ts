import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedPostgresError } from './error.ts';
import { findPlace, freePort, homeFailure, isPortFree, ensureCredentials, makePlace, readCredentials, writeCredentials } from './home.ts';

let home: string;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-home-'));
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

describe('the location of the database', () => {
  test('is the folder postgres in the home, and is found again once it holds data', () => {
    expect(findPlace(home)).toBeUndefined();
    const place = makePlace(home, undefined);
    expect(place.folder).toBe(path.join(home, 'postgres'));
    expect(findPlace(home)).toBeUndefined();
    fs.mkdirSync(place.data);
    expect(findPlace(home)).toEqual(place);
  });

  test('is created with its parent folders', () => {
    expect(fs.existsSync(makePlace(path.join(home, 'deep/er'), undefined).folder)).toBe(true);
  });

  test.each([
    ['EACCES', 'may not write to its home'],
    ['ENOSPC', 'is full'],
    ['ENOENT', 'cannot be created there'],
    ['ENOTDIR', 'is not a folder'],
  ])('a failure of the file system (%s) becomes a message', (code, words) => {
    const failure = homeFailure(home, Object.assign(new Error('system'), { code }));
    expect(failure).toBeInstanceOf(EmbeddedPostgresError);
    expect((failure as Error).message).toContain(words);
  });

  test('any other failure is rethrown', () => {
    const failure = new Error('a bug');
    expect(homeFailure(home, failure)).toBe(failure);
  });
});

describe('credentials', () => {
  test('are created once and stored, readable by their owner only', async () => {
    const place = makePlace(home, undefined);
    const first = await ensureCredentials(place);
    expect(first.fresh).toBe(true);
    expect(first.credentials.password.length).toBeGreaterThanOrEqual(32);
    expect(await ensureCredentials(place)).toEqual({ credentials: first.credentials, fresh: false });
    expect(fs.statSync(place.credentials).mode & 0o777).toBe(0o600);
  });

  test('that a crash or a person left unreadable are recreated', async () => {
    const place = makePlace(home, undefined);
    for (const text of ['', '{"port": 1', '{"port":"1","password":"x"}']) {
      fs.writeFileSync(place.credentials, text);
      expect(readCredentials(place)).toBeUndefined();
      expect((await ensureCredentials(place)).fresh).toBe(true);
    }
  });

  test('are replaced atomically', () => {
    const place = makePlace(home, undefined);
    writeCredentials(place, { port: 1, password: 'a' });
    writeCredentials(place, { port: 2, password: 'b' });
    expect(readCredentials(place)).toEqual({ port: 2, password: 'b' });
    expect(fs.readdirSync(place.folder)).toEqual(['credentials.json']);
  });
});

test('a free port is outside the range of outgoing connections; a used one is not free', async () => {
  const port = await freePort();
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(32_000);
  const server = net.createServer().listen({ host: '127.0.0.1', port });
  await once(server, 'listening');
  expect(await isPortFree(port)).toBe(false);
  server.close();
  await once(server, 'close');
  expect(await isPortFree(port)).toBe(true);
});
