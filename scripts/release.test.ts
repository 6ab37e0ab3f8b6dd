import { expect, test } from 'vitest';
import { whyNotReleased } from './release.ts';

const repository = { url: 'git+https://github.com/owner/coffer.git' };
const manifests = [
  { name: 'coffer', version: '1.2.3', repository },
  { name: 'coffer-client', version: '1.2.3', repository },
];
const changelog = '# Changelog\n\n## [1.2.3] - 2026-12-01\n';

test('a tag that matches packages and changelog is released', () => {
  expect(whyNotReleased('v1.2.3', 'owner/coffer', manifests, changelog)).toEqual([]);
});

test('another version, another repository and a missing section are each named', () => {
  expect(whyNotReleased('v1.2.4', 'other/coffer', manifests.slice(0, 1), changelog)).toEqual([
    'coffer has version 1.2.3',
    'coffer names the repository git+https://github.com/owner/coffer.git',
    'CHANGELOG.md has no section for 1.2.4',
  ]);
});
