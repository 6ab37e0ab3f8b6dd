import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/**
 * Run by "npm pack" in the folder of each published package: creates the files that the package has and the clone does not. Node
 * does not strip types below node_modules, so the package contains JavaScript.
 */
const root = path.resolve(import.meta.dirname, '..');
const folder = process.cwd();
const { name } = readManifest(path.join(folder, 'package.json'));
const dist = path.join(folder, 'dist');

fs.copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
if (fs.existsSync(path.join(folder, 'tsconfig.json'))) compile();
if (name === 'coffer') completeServer();

function compile(): void {
  fs.rmSync(dist, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '--project', folder], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`tsc failed in ${folder}`);
  // tsc rewrites imports only in JavaScript; declarations that import .ts files confuse other tools.
  for (const file of fs.readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((entry) => entry.endsWith('.d.ts'))) {
    const text = fs.readFileSync(path.join(dist, file), 'utf8');
    fs.writeFileSync(path.join(dist, file), text.replaceAll(/(from '\.[^']+)\.ts'/g, "$1.js'"));
  }
}

/** dist mirrors packages/, so that the imports between packages and the paths to SQL files and the manifest still resolve. */
function completeServer(): void {
  const { version, peerDependencies } = readManifest(path.join(folder, 'package.json'));
  fs.cpSync(path.join(folder, 'database'), path.join(dist, 'coffer/database'), { recursive: true });
  fs.writeFileSync(
    path.join(dist, 'coffer/package.json'),
    `${JSON.stringify({ name, version, type: 'module', peerDependencies }, null, 2)}\n`,
  );
  const contracts = path.join(folder, 'proto');
  fs.rmSync(contracts, { recursive: true, force: true });
  fs.cpSync(path.join(root, 'packages/proto'), contracts, {
    recursive: true,
    filter: (source) => fs.statSync(source).isDirectory() || source.endsWith('.proto'),
  });
}

type Manifest = { name: string; version: string; peerDependencies?: Record<string, string> };

function readManifest(file: string): Manifest {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Manifest;
}
