import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { faultsOf } from './lock.ts';
import type { Lock } from './lock.ts';

/** Checks that "npm ci" accepts the committed lock on every platform, and that "npm install" would not change it. */
const root = path.resolve(import.meta.dirname, '..');
const committed = fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8');
const faults = faultsOf(JSON.parse(committed) as Lock);

const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-lock-'));
try {
  const { workspaces } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
  for (const file of ['package.json', 'package-lock.json', '.npmrc', ...workspaces.map((folder) => `${folder}/package.json`)]) {
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    fs.copyFileSync(path.join(root, file), path.join(copy, file));
  }
  npm('install', '--package-lock-only');
  if (fs.readFileSync(path.join(copy, 'package-lock.json'), 'utf8') !== committed) faults.push('"npm install" changes it');
  fs.writeFileSync(path.join(copy, 'package-lock.json'), committed);
  npm('ci', '--dry-run');
} finally {
  fs.rmSync(copy, { recursive: true, force: true });
}

for (const fault of faults) console.error(`package-lock.json: ${fault}`);
if (faults.length > 0) {
  console.error('To recreate it: remove package-lock.json and node_modules, run "npm install", and commit the lock.');
  process.exitCode = 1;
} else {
  console.log('lock: complete for all platforms, as "npm install" writes it');
}

function npm(...args: string[]): void {
  const run = spawnSync('npm', [...args, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], {
    cwd: copy,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 120_000,
  });
  if (run.status !== 0) faults.push(`"npm ${args.join(' ')}" ${run.error ? run.error.message : `fails: ${run.stderr.slice(0, 1_000)}`}`);
}
