import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm } from './confirm.ts';

test.each([
  ['y\n', true],
  ['Yes\n', true],
  [' yes \n', true],
  ['n\n', false],
  ['\n', false],
  ['yesterday\n', false],
])('the answer %j is %j', async (text, expected) => {
  const { input, output } = terminal();
  const agreed = confirm('Delete it?', { input, output });
  input.write(text);
  expect(await agreed).toBe(expected);
  expect(String(output.read())).toBe('Delete it? (y/N) ');
});

test('the end of input without an answer means no', async () => {
  const { input, output } = terminal();
  const agreed = confirm('Delete it?', { input, output });
  input.end();
  expect(await agreed).toBe(false);
});

function terminal(): { input: PassThrough; output: PassThrough } {
  return { input: new PassThrough(), output: new PassThrough() };
}
