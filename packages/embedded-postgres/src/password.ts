import { spawn } from 'node:child_process';
import pg from 'pg';
import { EmbeddedPostgresError } from './error.ts';
import { program } from './binaries.ts';
import { processOptions, superuser } from './cluster.ts';
import type { Machinery } from './cluster.ts';
import { removeStaleLock } from './postmaster.ts';

/** Sets the superuser's password without the old one, through a stand-alone backend; only the data folder's owner can. */
export async function resetPassword(machinery: Machinery, password: string): Promise<void> {
  const { binaries, place, account } = machinery;
  removeStaleLock(place);
  const child = spawn(program(binaries, 'postgres'), ['--single', '-D', place.data, 'postgres'], {
    ...processOptions(account),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(`alter role ${superuser} password ${pg.escapeLiteral(password)};\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0 && !/^.*(ERROR|FATAL|PANIC):/m.test(output)) return;
  throw new EmbeddedPostgresError(
    `The password of the database in ${place.data} is lost and could not be reset.`,
    `Restore the old ${place.credentials}, or start with an empty ledger: npm run reset.`,
  );
}
