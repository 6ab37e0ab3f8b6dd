/**
 * The home's record of its database: where it is and which PostgreSQL cluster. Without it, a home that was moved, or a volume that was not
 * mounted, would look like a new home, and the start would create an empty ledger.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EmbeddedPostgresError } from './error.ts';
import { homeFailure, placeAt, placeInside } from './home.ts';
import type { Place } from './home.ts';

export type DatabaseRecord = {
  /** Relative to the home when it is inside, so that the home can move; absolute otherwise. */
  readonly folder: string;
  /** PostgreSQL's system identifier, which `initdb` gives to a cluster for life: an unsigned 64-bit number in decimal. */
  readonly cluster: string;
};

function fileOf(home: string): string {
  return path.join(path.resolve(home), 'database.json');
}

/** Undefined when the home has none yet. Refuses a file that is not a record: it may name a database that the search would miss. */
export function readRecord(home: string): DatabaseRecord | undefined {
  let text: string;
  try {
    text = fs.readFileSync(fileOf(home), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw homeFailure(home, error);
  }
  const record = parse(text);
  if (record) return record;
  throw new EmbeddedPostgresError(
    `${fileOf(home)}, which records where this home's database is, cannot be read.`,
    'Restore the file from a backup. If the database is in the folder postgres beside it, you can delete the file instead.',
  );
}

function parse(text: string): DatabaseRecord | undefined {
  try {
    const { folder, cluster } = JSON.parse(text) as Partial<DatabaseRecord>;
    return typeof folder === 'string' && folder !== '' && typeof cluster === 'string' ? { folder, cluster } : undefined;
  } catch {
    return undefined;
  }
}

export function recordedPlace(home: string, record: DatabaseRecord): Place {
  return placeAt(path.resolve(home, record.folder));
}

/** Records the database that exists at this place; durable when it returns. Only the owner of the place calls it. */
export function writeRecord(home: string, place: Place): void {
  const cluster = clusterOf(place);
  if (cluster === undefined) return;
  const inside = placeInside(home);
  const record: DatabaseRecord = { folder: place.folder === inside.folder ? path.basename(inside.folder) : place.folder, cluster };
  const unfinished = `${fileOf(home)}.new-${process.pid}`;
  const handle = fs.openSync(unfinished, 'w', 0o600);
  try {
    fs.writeFileSync(handle, `${JSON.stringify(record)}\n`);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(unfinished, fileOf(home));
}

export function forgetRecord(home: string): void {
  fs.rmSync(fileOf(home), { force: true });
}

/** The system identifier of the cluster at a place: the first field of PostgreSQL's control file. Undefined without a readable one. */
export function clusterOf(place: Place): string | undefined {
  let content: Buffer;
  try {
    content = fs.readFileSync(path.join(place.data, 'global', 'pg_control'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw homeFailure(place.data, error);
  }
  if (content.length < 8) return undefined;
  return String(os.endianness() === 'LE' ? content.readBigUInt64LE() : content.readBigUInt64BE());
}

/** Whether the place holds another cluster than the recorded one. PostgreSQL itself refuses a cluster without a readable control file. */
export function isAnotherCluster(place: Place, record: DatabaseRecord): boolean {
  const found = clusterOf(place);
  return found !== undefined && found !== record.cluster;
}

export function missingDatabase(home: string, place: Place): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The database of ${home} is missing: it was in ${place.data}.`,
    'Put it back (mount its volume, or restore it from a backup). If it is gone for good, start with an empty ledger: coffer reset.',
  );
}

export function foreignDatabase(home: string, place: Place, record: DatabaseRecord): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `${place.data} holds another database than the one of ${home} (PostgreSQL cluster ${clusterOf(place)} instead of ${record.cluster}).`,
    `Put the right one back. If you replaced it on purpose (by a copy made with pg_dump, for example), delete ${fileOf(home)}.`,
  );
}
