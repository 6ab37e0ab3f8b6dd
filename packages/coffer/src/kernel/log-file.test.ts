import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFile } from './log-file.ts';
import { createLog } from './log.ts';
import { inRequest } from './request-context.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-log-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const read = (name: string) => fs.readFileSync(path.join(folder, name), 'utf8');

test('lines are in the file immediately, as JSON, whatever the terminal shows', () => {
  let shown = '';
  const file = new LogFile({ file: path.join(folder, 'logs', 'api.log') });
  const log = createLog({ level: 'debug', pretty: true, destination: { write: (line) => void (shown += line) }, file });
  log.debug({ wallet: 'w1', token: 'hunter2' }, 'key cof_hunter2');
  expect(shown).not.toContain('{"');
  expect(JSON.parse(read('logs/api.log'))).toMatchObject({ level: 20, wallet: 'w1', token: '***', msg: 'key ***' });
  expect(shown + read('logs/api.log')).not.toContain('hunter2');
});

test('a line written during a request names the request', () => {
  const file = new LogFile({ file: path.join(folder, 'api.log') });
  const log = createLog({ level: 'info', pretty: false, destination: { write: () => undefined }, file });
  inRequest({ requestId: 'r-1' }, () => log.info('in'));
  log.info('out');
  const [inside, outside] = read('api.log')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(inside).toMatchObject({ msg: 'in', requestId: 'r-1' });
  expect(outside).not.toHaveProperty('requestId');
});

test('a full file is rotated, and only the configured number is kept', () => {
  const file = new LogFile({ file: path.join(folder, 'api.log'), bytesMax: 20, filesMax: 3 });
  for (let line = 1; line <= 10; line++) file.write(`line number ${line}\n`);
  expect(fs.readdirSync(folder).toSorted((a, b) => a.localeCompare(b))).toEqual(['api.log', 'api.log.1', 'api.log.2']);
  expect(['api.log.2', 'api.log.1', 'api.log'].map(read).join('')).toBe(
    'line number 5\nline number 6\nline number 7\nline number 8\nline number 9\nline number 10\n',
  );
});

test('an existing file is continued', () => {
  const file = path.join(folder, 'api.log');
  new LogFile({ file }).write('a\n');
  new LogFile({ file }).write('b\n');
  expect(read('api.log')).toBe('a\nb\n');
});

test('two processes that share a file lose no line when one of them rotates it', () => {
  const file = path.join(folder, 'api.log');
  const [one, other] = [new LogFile({ file, bytesMax: 10, filesMax: 2 }), new LogFile({ file, bytesMax: 10, filesMax: 2 })];
  one.write('one 123456\n');
  other.write('other 1234\n');
  one.write('one again\n');
  other.write('other again\n');
  const all = fs.readdirSync(folder).map(read).join('');
  for (const line of ['one 123456', 'other 1234', 'one again', 'other again']) expect(all).toContain(line);
});

test('a failing disk does not disturb callers', () => {
  const file = new LogFile({ file: path.join(folder, 'api.log'), bytesMax: 1 });
  file.write('a\n');
  fs.rmSync(folder, { recursive: true });
  expect(() => file.write('b\n')).not.toThrow();
  expect(() => file.write('c\n')).not.toThrow();
});
