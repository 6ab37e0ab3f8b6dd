/** The settings of the database. */
import path from 'node:path';
import { anyText, optional, peerUrl, settingGroup } from '../kernel/index.ts';
import type { Parser } from '../kernel/index.ts';

/** A clone has one home, whatever the current folder is; below node_modules, the next install would delete the data. */
const isClone = import.meta.filename.endsWith('.ts');
const defaultHome = isClone ? path.resolve(import.meta.dirname, '../../../../.coffer') : path.resolve('.coffer');

const anyPostgres = peerUrl(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database');
const postgresUrl: Parser<string> = {
  ...anyPostgres,
  parse: (text) => {
    const parsed = anyPostgres.parse(text);
    const isWhole = 'value' in parsed && new URL(parsed.value).pathname.length >= 2;
    return isWhole || 'instead' in parsed ? parsed : { instead: "a URL that includes the database's name: end it with /database" };
  },
};

const example = 'postgres://coffer:<password>@db.example.com:5432/coffer?sslmode=verify-full';

export const databaseSettings = settingGroup({
  title: 'Database',
  rows: {
    databaseUrl: {
      name: 'DATABASE_URL',
      reads: optional(postgresUrl),
      default: undefined,
      absent: 'the embedded PostgreSQL 18',
      meaning: 'your own PostgreSQL, 16 or newer',
      example,
      secret: true,
    },
    migrationUrl: {
      name: 'COFFER_MIGRATION_URL',
      reads: optional(postgresUrl),
      default: undefined,
      absent: 'DATABASE_URL',
      meaning: 'the same database as its owner, the only role that may migrate it',
      example,
      secret: true,
    },
    home: {
      name: 'COFFER_HOME',
      reads: optional(anyText),
      default: undefined,
      absent: '.coffer in the clone; in the current folder when installed as a package',
      meaning: 'folder of the embedded database, generated secrets and logs',
      example: '/var/lib/coffer',
    },
  },
  combine: ({ databaseUrl, migrationUrl, home }) => ({
    databaseUrl: databaseUrl ?? migrationUrl,
    migrationUrl,
    home: path.resolve(home ?? defaultHome),
    isDefaultHome: home === undefined,
  }),
});
