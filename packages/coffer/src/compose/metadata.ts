// Wires the encryption of metadata to the settings.
import type pg from 'pg';
import { OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { countDataKeys, DataKeys, openVault, plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import type { Config } from './config.ts';

/** For a command, which only reads. */
export function vaultOf({ metadata: { encrypts, keys } }: Pick<Config, 'metadata'>, pool: pg.Pool): MetadataVault {
  return keys ? openVault(new DataKeys({ pool, ...keys }), { encrypts }) : plainMetadata;
}

/**
 * For a process that serves: checks that COFFER_DATA_KEY opens what is in the database, and finishes its rotation. Throws OperatorError
 * where it does not.
 */
export async function startVault(config: Pick<Config, 'metadata'>, pool: pg.Pool, log: Log): Promise<MetadataVault> {
  const { encrypts, keys } = config.metadata;
  if (!keys) {
    const users = await countDataKeys(pool);
    if (users > 0) log.warn({ keys: users }, 'Metadata in this database is encrypted and cannot be read: COFFER_DATA_KEY is not set');
    return plainMetadata;
  }
  const dataKeys = new DataKeys({ pool, ...keys });
  const { rewrapped, unreadable } = await dataKeys.rewrap();
  if (unreadable > 0)
    throw new OperatorError(
      `COFFER_DATA_KEY does not open the keys of this database (${unreadable} of them).`,
      'Set the key with which they were created, or, while you rotate it, set that one as COFFER_DATA_KEY_PREVIOUS.',
    );
  if (rewrapped > 0) log.info({ keys: rewrapped }, 'Encrypted the data keys with the current COFFER_DATA_KEY');
  return openVault(dataKeys, { encrypts });
}
