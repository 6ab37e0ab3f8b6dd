import fs from 'node:fs';
import path from 'node:path';

/**
 * Who may import whom, by folder below server/. A folder that is missing here may import nothing and nobody may import it:
 * adding one means saying where it stands. Arrows go one way; files directly in server/ wire, what stands outside uses and tests.
 */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  database: ['kernel'],
  ledger: ['kernel', 'database'],
  identity: ['kernel', 'database'],
  events: ['kernel', 'database', 'ledger'],
  projections: ['kernel', 'database', 'ledger', 'events'],
  outbound: ['kernel'],
  cache: ['kernel'],
  wallets: ['kernel', 'database', 'ledger', 'cache'],
  insights: ['kernel', 'database', 'ledger', 'projections', 'wallets', 'outbound'],
  requests: ['kernel', 'database', 'ledger', 'projections', 'wallets', 'insights', 'outbound'],
  webhooks: ['kernel', 'database', 'ledger', 'events', 'projections', 'outbound'],
  audit: ['kernel', 'database'],
  telemetry: ['kernel', 'ledger'],
  gateway: [
    'kernel',
    'wallets',
    'identity',
    'ledger',
    'audit',
    'telemetry',
    'events',
    'projections',
    'cache',
    'insights',
    'requests',
    'webhooks',
  ],
};

/** Two transports, and what both ask about callers, share the gateway's room and have a door each: who wires one need not load the others. */
const furtherDoors: Readonly<Record<string, readonly string[]>> = {
  gateway: ['server/gateway/http/index.ts', 'server/gateway/grpc/index.ts', 'server/gateway/access/index.ts'],
};

export type Import = { file: string; line: number; target: string };
export type Violation = Import & { why: string };

const importPattern = /(?:^|[\s;}])(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g;

/** The relative imports of a source text, with the paths they lead to from the root. */
export function importsOf(file: string, source: string): Import[] {
  return [...source.matchAll(importPattern)].map((match) => ({
    file,
    line: source.slice(0, match.index + match[0].length).split('\n').length,
    target: path.posix.join(path.posix.dirname(file), match[1] ?? match[2] ?? ''),
  }));
}

/** Imports of packages and of Node itself, by their name instead of a path. */
export function packagesImported(file: string, source: string): Import[] {
  return [...source.matchAll(/(?:^|[\s;}])(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^.'"][^'"]*)['"]/g)].map((match) => ({
    file,
    line: source.slice(0, match.index + match[0].length).split('\n').length,
    target: match[1] ?? '',
  }));
}

/** Why an import may not be, or undefined. Paths are relative to the root, with forward slashes. */
export function whyForbidden(found: Import): string | undefined {
  if (isClient(found.file) || isClient(found.target)) return whyForbiddenToClient(found);
  const from = contextOf(found.file);
  const to = contextOf(found.target);
  if (isWiring(found.target)) {
    return from ? `${found.target} wires the contexts together: none of them may import it` : undefined;
  }
  if (!to || to === from) return undefined;

  if (from) {
    const allowed = arrows[from];
    if (!allowed) return `server/${from} has no place in the arrows of scripts/boundaries.ts: give it one`;
    if (!allowed.includes(to) && !found.file.endsWith('.test.ts')) {
      return `${from} may import ${allowed.length === 0 ? 'nothing' : allowed.join(', ')}; ${to} stands beside or above it`;
    }
  }
  const doors = [`server/${to}/index.ts`, ...(furtherDoors[to] ?? [])];
  if (!doors.includes(found.target) && !isOwnSupport(found.file)) {
    return `other folders enter ${to} through its door, ${doors.join(' or ')}`;
  }
  return undefined;
}

function isClient(file: string): boolean {
  return file.startsWith('sdk/');
}

/** The client is shipped alone, so it imports nothing but itself; it speaks to the server over HTTP, and what speaks so uses it. */
function whyForbiddenToClient({ file, target }: Import): string | undefined {
  if (isClient(file)) return isClient(target) ? undefined : 'sdk imports nothing but its own files: it is shipped alone';
  if (!/^(cli|console|bench|test)\//.test(file))
    return `${file.split('/')[0]} does not import the client: cli, console, bench and test may`;
  return target === 'sdk/index.ts' || isOwnSupport(file) ? undefined : 'the client is entered through its door, sdk/index.ts';
}

/** The folder of server/ that a path belongs to; undefined outside of server/ and for what wires. */
function contextOf(file: string): string | undefined {
  return /^server\/([^/]+)\//.exec(file)?.[1];
}

/** main.ts and its kin stand directly in server/: they put the contexts together and may enter every door. */
function isWiring(file: string): boolean {
  return /^server\/[^/]+\.ts$/.test(file);
}

/** Tests that cross contexts may look behind a door (to plant a fault); the product may not. */
function isOwnSupport(file: string): boolean {
  return file.startsWith('test/') || file.endsWith('.test.ts');
}

/** Checks every TypeScript file below the root's source folders. */
export function findViolations(root: string): Violation[] {
  return ['server', 'cli', 'sdk', 'bench', 'scripts', 'test']
    .flatMap((folder) => sourceFiles(root, folder))
    .flatMap((file) => {
      const source = fs.readFileSync(path.join(root, file), 'utf8');
      return [...importsOf(file, source), ...(isClient(file) ? packagesImported(file, source) : [])];
    })
    .flatMap((found) => {
      const why = whyForbidden(found);
      return why === undefined ? [] : [{ ...found, why }];
    });
}

/** Each folder directly below server/ has a door, and the door's first line is a sentence that says what the folder is. */
export function missingDoors(root: string): string[] {
  return fs
    .readdirSync(path.join(root, 'server'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `server/${entry.name}/index.ts`)
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
    .map((name) => path.posix.join(folder, name.replaceAll(path.sep, '/')))
    .filter((name) => ending.test(name) && !name.includes('node_modules/'))
    .toSorted((a, b) => a.localeCompare(b));
}
