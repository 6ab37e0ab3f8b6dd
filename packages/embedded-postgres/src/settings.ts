import os from 'node:os';

const megabyte = 1024 * 1024;

/** The size of PostgreSQL's own cache: a quarter of the machine up to 1 GB, which holds the indexes of some ten million transfers. */
function sharedBuffers(small: boolean): string {
  if (small) return '64MB';
  return `${Math.max(64, Math.min(1024, Math.floor(os.totalmem() / megabyte / 4)))}MB`;
}

/**
 * The settings of the embedded server, each with its reason. They are given on the command line, so they override postgresql.conf and ALTER
 * SYSTEM: the three that make a commit durable cannot be switched off by hand.
 */
export function serverSettings(port: number, small: boolean): Record<string, string> {
  return {
    // Reachable from this machine only, by TCP only: a socket path in a deep home would exceed the limit of 107 bytes.
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',

    // Enough for the worker processes of a machine with sixteen cores; a connection that is not open costs a few kilobytes.
    max_connections: '400',

    // An answer always comes after the commit is on disk.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',

    shared_buffers: sharedBuffers(small),
    // A ledger writes much and rewrites little: rare checkpoints mean fewer full-page images in the log.
    max_wal_size: small ? '1GB' : '4GB',
    checkpoint_timeout: '15min',
    // wal_compression stays off: insert-only pages are written once, so there is little to compress, and lz4 is not built in.
    wal_compression: 'off',

    // The posting path consists of short statements; compiling one costs more than it can save.
    jit: 'off',
    // Embedded means a local disk, where random pages cost about as much as sequential ones.
    random_page_cost: '1.1',

    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] ',
    log_checkpoints: small ? 'off' : 'on',
    cluster_name: 'coffer',
  };
}
