import { expect, test } from 'vitest';
import { untidiness } from './tidy.ts';

test('a tidy file has no findings', () => {
  expect(untidiness('packages/coffer/src/kernel/a.ts', '// A note.\nexport const a = 1;\n')).toEqual([]);
});

test.each([
  ['packages/coffer/src/a/b.ts', '// TODO later'],
  ['packages/coffer/src/a/b.ts', '// @ts-ignore'],
  ['packages/coffer/src/a/b.ts', '// oxlint-disable-next-line'],
  ['packages/coffer/src/a/b.ts', 'export default function a() {}'],
  ['packages/coffer/src/a/b.ts', 'export enum A { B }'],
  ['packages/coffer/src/a/b.test.ts', "test.only('x', () => {})"],
  ['packages/coffer/src/a/b.test.ts', 'await vi.waitFor(() => expect(seen).toBe(1));'],
  ['packages/coffer/src/gateway/http/a.ts', '    status: 409,'],
  ['packages/coffer/src/gateway/grpc/a.ts', "return { status: status.NOT_FOUND, code: 'gone' };"],
  ['README.md', 'see /home/someone/notes'],
])('%s with %s is reported with its line', (file, line) => {
  expect(untidiness(file, `\n${line}\n`)).toEqual([expect.stringContaining(`${file}:2: `)]);
});

test('a server file over 400 lines is reported, a test is not', () => {
  const long = 'x();\n'.repeat(400);
  expect(untidiness('packages/coffer/src/a/b.ts', long)).toHaveLength(1);
  expect(untidiness('packages/coffer/src/a/b.test.ts', long)).toEqual([]);
});
