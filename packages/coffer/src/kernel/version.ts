import fs from 'node:fs';
import path from 'node:path';

const manifest = JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
  peerDependencies?: Record<string, string>;
};

/** This Coffer's version, from package.json. */
export const productVersion = manifest.version;

/** Packages that only some settings need, with the versions that Coffer works with. */
export const optionalPackages: Readonly<Record<string, string>> = manifest.peerDependencies ?? {};
