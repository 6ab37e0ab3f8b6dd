import fs from 'node:fs';
import path from 'node:path';

/**
 * What each folder of packages/coffer/src may import. Arrows go one way, including types. A folder that is missing here may
 * import nothing and be imported by nothing: add it here when you add one. Tests may import whatever they test.
 */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  database: ['kernel'],
  background: ['kernel', 'database'],
  ledger: ['kernel', 'database', 'background'],
  metadata: ['kernel', 'database', 'ledger'],
  mail: ['kernel', 'database', 'background'],
  identity: ['kernel', 'database', 'background', 'mail', 'audit'],
  events: ['kernel', 'database', 'background', 'audit', 'ledger', 'metadata'],
  projections: ['kernel', 'database', 'background', 'audit', 'ledger', 'events'],
  outbound: ['kernel'],
  cache: ['kernel'],
  wallets: ['kernel', 'database', 'background', 'ledger', 'metadata', 'cache'],
  visibility: ['ledger', 'wallets'],
  find: ['kernel', 'database', 'ledger', 'metadata', 'projections', 'wallets', 'visibility'],
  reports: ['ledger'],
  operations: ['kernel', 'ledger', 'metadata', 'identity', 'wallets', 'visibility'],
  insights: ['kernel', 'database', 'background', 'mail', 'audit', 'ledger', 'metadata', 'projections', 'wallets', 'operations', 'outbound'],
  requests: [
    'kernel',
    'database',
    'background',
    'audit',
    'ledger',
    'metadata',
    'identity',
    'projections',
    'wallets',
    'operations',
    'insights',
    'outbound',
  ],
  approvals: ['kernel', 'database', 'background', 'audit', 'ledger', 'metadata', 'identity', 'operations'],
  evidence: ['kernel', 'background', 'ledger', 'audit', 'outbound'],
  webhooks: ['kernel', 'database', 'background', 'audit', 'ledger', 'metadata', 'events', 'projections', 'visibility', 'outbound'],
  audit: ['kernel', 'database', 'background'],
  privacy: ['kernel', 'database', 'background', 'audit', 'metadata', 'identity', 'insights', 'requests', 'approvals'],
  telemetry: ['kernel', 'ledger'],
  gateway: [
    'kernel',
    'wallets',
    'visibility',
    'operations',
    'identity',
    'ledger',
    'metadata',
    'audit',
    'telemetry',
    'events',
    'projections',
    'cache',
    'insights',
    'requests',
    'approvals',
    'webhooks',
    'find',
    'reports',
  ],
};

/** Composition: these wire the contexts, so they may enter every door. `cli` is above `compose`; nothing is above `cli`. */
const composing: readonly string[] = ['compose', 'cli'];

/** Doors beside index.ts: each transport can be loaded without the other, and both share the access rules. */
const furtherDoors: Readonly<Record<string, readonly string[]>> = {
  gateway: ['http/index.ts', 'grpc/index.ts', 'access/index.ts', 'network/index.ts'],
  compose: [
    'main.ts',
    'commands.ts',
    'find.ts',
    'worker.ts',
    'rebuild.ts',
    'seed.ts',
    'observe.ts',
    'set-aside.ts',
    'config.ts',
    'users.ts',
    'processes.ts',
    'process-link.ts',
    'running.ts',
  ],
  cli: ['main.ts'],
};

/**
 * The packages beside the server, with the folders of packages/coffer/src that may use each through its door, src/index.ts. They
 * import only their own files, including tests; the client, which is published separately, no packages either.
 */
const siblings: Readonly<Record<string, { readonly users: readonly string[]; readonly usesPackages: boolean }>> = {
  'packages/client': { users: ['cli'], usesPackages: false },
  'packages/embedded-postgres': { users: ['database'], usesPackages: true },
};

const server = 'packages/coffer/src';
const outside = /^(bench|scripts|test|examples)\//;

export type Import = { file: string; line: number; target: string };
export type Violation = Import & { why: string };

const importPattern = /(?:^|[\s;}])(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g;

/** The relative imports of a source text, with their targets relative to the root. */
export function importsOf(file: string, source: string): Import[] {
  return [...source.matchAll(importPattern)].map((match) => ({
    file,
    line: source.slice(0, match.index + match[0].length).split('\n').length,
    target: path.posix.join(path.posix.dirname(file), match[1] ?? match[2] ?? ''),
  }));
}

/** Imports of packages and of Node modules, by name instead of path. */
export function packagesImported(file: string, source: string): Import[] {
  return [...source.matchAll(/(?:^|[\s;}])(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^.'"][^'"]*)['"]/g)].map((match) => ({
    file,
    line: source.slice(0, match.index + match[0].length).split('\n').length,
    target: match[1] ?? '',
  }));
}

/** Why an import is not allowed, or undefined. Paths are relative to the root, with forward slashes. */
export function whyForbidden(found: Import): string | undefined {
  const { file, target } = found;
  const importer = siblingOf(file);
  if (importer !== undefined)
    return target.startsWith(`${importer}/`) ? undefined : `${importer} may import only its own files: it is standalone`;
  const sibling = siblingOf(target);
  if (sibling !== undefined) return whyForbiddenToUse(found, sibling);
  const from = contextOf(file);
  const to = contextOf(target);
  if (to === undefined || to === from) return undefined;
  if (from !== undefined && !isTest(file)) {
    if (from === 'cli' && to === 'database') return 'cli wires nothing: compose opens databases for its commands';
    if (to === 'cli' || (to === 'compose' && from !== 'cli')) return `${to} puts the contexts together: none of them may import it`;
    const allowed = arrows[from];
    if (!composing.includes(from)) {
      if (!allowed) return `${server}/${from} has no place in the arrows of scripts/boundaries.ts: give it one`;
      if (!allowed.includes(to)) {
        return `${from} may import ${allowed.length === 0 ? 'nothing' : allowed.join(', ')}; ${to} stands beside or above it`;
      }
    }
  }
  // A table of settings can be read without loading the code that it configures.
  const doors = ['index.ts', 'settings.ts', ...(furtherDoors[to] ?? [])].map((door) => `${server}/${to}/${door}`);
  return doors.includes(target) || isTest(file) ? undefined : `other folders enter ${to} through its door, ${doors.join(' or ')}`;
}

function whyForbiddenToUse({ file, target }: Import, sibling: string): string | undefined {
  if (isTest(file)) return undefined;
  const users = siblings[sibling]?.users ?? [];
  const from = contextOf(file);
  if (!outside.test(file) && !(from !== undefined && users.includes(from))) {
    return `${from ?? file.split('/')[0]} does not import ${sibling}: ${users.join(', ')} may`;
  }
  const door = `${sibling}/src/index.ts`;
  return target === door ? undefined : `others enter it through its door, ${door}`;
}

/** The package beside the server that a path belongs to; undefined for the server and the rest. */
function siblingOf(file: string): string | undefined {
  return Object.keys(siblings).find((folder) => file.startsWith(`${folder}/`));
}

/** The folder of the server that a path belongs to; undefined outside. */
function contextOf(file: string): string | undefined {
  return new RegExp(`^${server}/([^/]+)/`).exec(file)?.[1];
}

/** Tests may look behind a door (to plant a fault); the product may not. */
function isTest(file: string): boolean {
  return /^(packages\/[^/]+\/)?test\//.test(file) || file.endsWith('.test.ts');
}

/** Checks every TypeScript file below the root's source folders. */
export function findViolations(root: string): Violation[] {
  return ['packages', 'bench', 'scripts', 'test', 'examples']
    .flatMap((folder) => sourceFiles(root, folder))
    .flatMap((file) => {
      const source = fs.readFileSync(path.join(root, file), 'utf8');
      const usesPackages = isTest(file) || (siblings[siblingOf(file) ?? '']?.usesPackages ?? true);
      return [...importsOf(file, source), ...(usesPackages ? [] : packagesImported(file, source))];
    })
    .flatMap((found) => {
      const why = whyForbidden(found);
      return why === undefined ? [] : [{ ...found, why }];
    });
}

/** Each context has a door, whose first line is a sentence that describes the folder. */
export function missingDoors(root: string): string[] {
  return fs
    .readdirSync(path.join(root, server), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !composing.includes(entry.name))
    .map((entry) => `${server}/${entry.name}/index.ts`)
    .filter((door) => !isDoor(path.join(root, door)));
}

function isDoor(file: string): boolean {
  return fs.existsSync(file) && /^(\/\/ |\/\*\* ?)\S.*\.( \*\/)?\s*$/.test(fs.readFileSync(file, 'utf8').split('\n')[0] ?? '');
}

export function sourceFiles(root: string, folder: string, ending = /\.ts$/): string[] {
  const place = path.join(root, folder);
  if (!fs.existsSync(place)) return [];
  return fs
    .readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/(^|[\\/])(node_modules|dist)[\\/]/.test(name))
    .map((name) => path.posix.join(folder, name.replaceAll(path.sep, '/')))
    .filter((file) => ending.test(file))
    .toSorted();
}
