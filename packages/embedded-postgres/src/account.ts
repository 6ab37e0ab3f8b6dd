import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { EmbeddedPostgresError } from './error.ts';

/** The user that runs PostgreSQL when Coffer itself runs as root (PostgreSQL refuses to). */
export type Account = { name: string; uid: number; gid: number };

/** In order of preference: PostgreSQL's own user where the machine has one, then users that exist on nearly every machine. */
const usualAccounts: readonly string[] = ['postgres', 'nobody', 'daemon'];

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Chooses the user for PostgreSQL: undefined when Coffer is an ordinary user (PostgreSQL runs as the same). An existing data folder keeps
 * its owner, so that a `postgres` user installed later changes nothing.
 */
export function chooseAccount(dataFolder: string, candidates: readonly string[] = usualAccounts): Account | undefined {
  if (!isRoot()) return undefined;
  const owner = fs.statSync(dataFolder, { throwIfNoEntry: false });
  if (owner) {
    if (owner.uid !== 0) return { name: accountName(owner.uid), uid: owner.uid, gid: owner.gid };
    throw new EmbeddedPostgresError(
      `The data folder ${dataFolder} belongs to root, and PostgreSQL refuses to run as root.`,
      `Change its owner to an ordinary user, for example: chown -R ${firstExisting(candidates).name} ${dataFolder}`,
    );
  }
  return firstExisting(candidates);
}

function firstExisting(candidates: readonly string[]): Account {
  for (const name of candidates) {
    const uid = identity('-u', name);
    const gid = identity('-g', name);
    if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid };
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root, and this machine has none of the users ${candidates.join(', ')}.`,
    'Create one ("useradd --system postgres"), or start Coffer as an ordinary user.',
  );
}

function identity(flag: '-u' | '-g', name: string): number | undefined {
  const answer = spawnSync('id', [flag, name], { encoding: 'utf8' });
  const id = Number.parseInt(answer.stdout ?? '', 10);
  return answer.status === 0 && Number.isInteger(id) ? id : undefined;
}

function accountName(uid: number): string {
  return spawnSync('id', ['-un', String(uid)], { encoding: 'utf8' }).stdout?.trim() || `uid ${uid}`;
}

/** True when the account can enter the folder. Actually tries it, because permission bits alone are not enough (ACLs, mounts). */
export function canEnter(account: Account, folder: string): boolean {
  const probe = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    cwd: '/',
    uid: account.uid,
    gid: account.gid,
    stdio: 'ignore',
  });
  return probe.status === 0;
}

/** Lets other users pass through a folder; they still cannot list it. */
export function letIn(folder: string): void {
  const { mode } = fs.statSync(folder);
  fs.chmodSync(folder, (mode & 0o7777) | 0o011);
}
