import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { assert } from '../kernel/index.ts';

const outsideTransaction = '-- outside a transaction\n';

const databaseFolder = path.resolve(import.meta.dirname, '../../database');

/**
 * A numbered step, applied once and never changed. In one transaction, except a file that begins with the line "-- outside a transaction",
 * whose statements may be run again: for indexes that are built while others post.
 */
export type Migration = { number: number; name: string; sql: string; checksum: string; isTransaction: boolean };
/** A function, a view or a grant; applied again whenever any of them changed. */
export type Definition = { name: string; sql: string };

export type Program = {
  migrations: Migration[];
  definitions: Definition[];
  definitionsChecksum: string;
};

/** Reads the target schema from migrations/, functions/, views/ and access/ below `folder`. */
export function readProgram(folder = databaseFolder): Program {
  const migrations = sqlFiles(folder, 'migrations').map(({ name, sql }) => {
    const number = /^migrations\/(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1];
    assert(number !== undefined, `${name} must be called NNNN_name.sql`);
    return {
      number: Number(number),
      name: path.basename(name, '.sql'),
      sql,
      checksum: sha256(sql),
      isTransaction: !sql.startsWith(outsideTransaction),
    };
  });
  for (const [index, migration] of migrations.entries()) {
    assert(migration.number !== migrations[index - 1]?.number, `two migrations have the number of ${migration.name}`);
  }
  const definitions = ['functions', 'views', 'access'].flatMap((kind) => sqlFiles(folder, kind));
  const definitionsChecksum = sha256(definitions.map(({ name, sql }) => `${name}\0${sha256(sql)}`).join('\n'));
  return { migrations, definitions, definitionsChecksum };
}

function sqlFiles(folder: string, kind: string): Definition[] {
  const place = path.join(folder, kind);
  if (!fs.existsSync(place)) return [];
  return fs
    .readdirSync(place)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => ({
      name: `${kind}/${name}`,
      sql: fs.readFileSync(path.join(place, name), 'utf8').replaceAll('\r\n', '\n'),
    }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
