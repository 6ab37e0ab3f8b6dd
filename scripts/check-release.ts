import fs from 'node:fs';
import path from 'node:path';
import { whyNotReleased } from './release.ts';
import type { Manifest } from './release.ts';

/** Run by the release workflow: check-release.ts <tag> <owner/name>. */
const root = path.resolve(import.meta.dirname, '..');
const [tag = '', repository = ''] = process.argv.slice(2);
const { workspaces } = readJson('package.json') as { workspaces: string[] };
const published = workspaces.map((folder) => readJson(`${folder}/package.json`) as Manifest).filter((manifest) => !manifest.private);
const faults = whyNotReleased(tag, repository, published, fs.readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'));
for (const fault of faults) console.error(`${tag} cannot be released: ${fault}`);
if (faults.length > 0) process.exitCode = 1;

function readJson(file: string): unknown {
  return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
}
