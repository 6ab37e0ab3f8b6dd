import { expect, test } from 'vitest';
import { untidiness } from './tidy.ts';

test('a tidy file is left alone', () => {
  expect(untidiness('server/kernel/a.ts', '// A note.\nexport const a = 1;\n')).toEqual([]);
});

test.each([
  ['server/a/b.ts', '// TODO later'],
  ['server/a/b.ts', '// @ts-ignore'],
  ['server/a/b.ts', '// oxlint-disable-next-line'],
  ['server/a/b.ts', 'export default function a() {}'],
  ['server/a/b.ts', 'export enum A { B }'],
  ['server/a/b.test.ts', "test.only('x', () => {})"],
  ['server/a/b.test.ts', 'await vi.waitFor(() => expect(seen).toBe(1));'],
  ['README.md', 'see /home/someone/notes'],
])('%s with %s is named with its line', (file, line) => {
  expect(untidiness(file, `\n${line}\n`)).toEqual([expect.stringContaining(`${file}:2: `)]);
});

test('a file of the server over 400 lines is named, a test is not', () => {
  const long = 'x();\n'.repeat(400);
  expect(untidiness('server/a/b.ts', long)).toHaveLength(1);
  expect(untidiness('server/a/b.test.ts', long)).toEqual([]);
});
