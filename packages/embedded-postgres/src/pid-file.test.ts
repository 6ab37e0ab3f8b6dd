import { expect, test } from 'vitest';
import { parsePidFile } from './pid-file.ts';

test('the first line is the process id, the fourth the port', () => {
  expect(parsePidFile('4711\n/home/data\n1790000000\n28123\n\n127.0.0.1\n  1 2\nready   \n')).toEqual({ pid: 4711, port: 28_123 });
});

test('while PostgreSQL starts, there is no port yet', () => {
  expect(parsePidFile('4711\n/home/data\n1790000000\n')).toEqual({ pid: 4711, port: undefined });
});

test('a stand-alone backend writes its id as a negative number', () => {
  expect(parsePidFile('-4711\n/home/data\n').pid).toBe(4711);
});

test.each(['', '\n', '0\n', 'postmaster\n', '12x\n'])('without a process id (%j) it names none', (text) => {
  expect(parsePidFile(text).pid).toBeUndefined();
});
