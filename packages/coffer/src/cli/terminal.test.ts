import { expect, test } from 'vitest';
import { inLine, printable } from './terminal.ts';

test.each([
  ['\u001b[2J', String.raw`\u001b[2J`],
  ['\u009b2J', String.raw`\u009b2J`],
  ['over\rwritten\b', String.raw`over\u000dwritten\u0008`],
  ['\u202egnp.exe', String.raw`\u202egnp.exe`],
  ['two\u2028lines', String.raw`two\u2028lines`],
])('characters that a terminal acts upon are escaped: %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('other text stays as it is', () => {
  const text = 'Zoë 👩‍👩‍👧 نص\n\tsecond line';
  expect(printable(text)).toBe(text);
});

test('JSON says the same afterwards', () => {
  const document = { body: '\u0000\u001b[31m\u009b\u202e', 'na\u0085me': 'Zoë\n' };
  expect(JSON.parse(printable(JSON.stringify(document)))).toEqual(document);
});

test('a value within a line stays within it', () => {
  expect(inLine('done\nThe ledger is intact\t!')).toBe(String.raw`done\nThe ledger is intact\t!`);
});
