// docs/reference/asvs.md has every requirement of levels 1 and 2 once, counts them correctly, and names only evidence that exists.
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const page = fs.readFileSync(path.join(root, 'docs/reference/asvs.md'), 'utf8');
const settings = fs.readFileSync(path.join(root, 'docs/reference/settings.md'), 'utf8');

/** How many requirements each section of ASVS 5.0.0 has up to level 2, numbered from 1. */
const requirements = `
  1.1:2 1.2:9 1.3:11 1.4:3 1.5:2
  2.1:3 2.2:3 2.3:4 2.4:1
  3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
  4.1:3 4.2:1 4.3:2 4.4:4
  5.1:1 5.2:3 5.3:2 5.4:3
  6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4
  7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2
  8.1:2 8.2:3 8.3:1 8.4:1
  9.1:3 9.2:4
  10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3
  11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
  12.1:3 12.2:2 12.3:4
  13.1:1 13.2:5 13.3:2 13.4:5
  14.1:2 14.2:4 14.3:3
  15.1:3 15.2:3 15.3:7
  16.1:1 16.2:5 16.3:4 16.4:3 16.5:3
  17.1:1 17.2:4 17.3:2
`;

const rows = [...page.matchAll(/^\| (\d+\.\d+\.\d+) \| ([^|]+) \| (met|partly|not met|n\/a) \| ([^|]+) \|$/gm)].map(
  ([, number = '', subject = '', state = '', evidence = '']) => ({ number, subject, state, evidence }),
);
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
const isPath = (word: string) => /^[\w.@-]+(?:\/[\w.@-]+)*\.(?:ts|sql|md|json|yml)$/.test(word);
const isSetting = (word: string) => /^(?!GRPC_)[A-Z]+(?:_[A-Z]+)+$/.test(word);

test('lists each requirement of levels 1 and 2 once, in their order', () => {
  const sections = [...requirements.matchAll(/([\d.]+):(\d+)/g)];
  const expected = sections.flatMap(([, section, many]) => Array.from({ length: Number(many) }, (_, at) => `${section}.${at + 1}`));
  expect(rows.map(({ number }) => number)).toEqual(expected);
});

test('counts them by state', () => {
  const counted = [...page.matchAll(/^\| (met|partly|not met|n\/a) \| (\d+) \|$/gm)].map(([, state, many]) => [state, Number(many)]);
  expect(counted).toEqual(['met', 'partly', 'not met', 'n/a'].map((state) => [state, rows.filter((row) => row.state === state).length]));
  expect(page).toContain(`the state of each of its ${rows.length} requirements`);
});

test('what is met has a file as evidence; what is not, or not wholly, has a sentence', () => {
  const bare = rows.filter(({ state, evidence }) => {
    const sentence = evidence.replaceAll(/`[^`]*`/g, '').split(/\s+/);
    return state === 'met' ? !quoted(evidence).some(isPath) : sentence.length < 3;
  });
  expect(bare).toEqual([]);
});

test('every path and setting that it names exists', () => {
  const words = rows.flatMap(({ evidence }) => quoted(evidence));
  const files = words.filter(isPath).map((word) => (/^(?:src|database)\//.test(word) ? `packages/coffer/${word}` : word));
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([]);
  expect(words.filter((word) => isSetting(word) && !settings.includes(`\`${word}\``))).toEqual([]);
});
