/** A separate PgBouncer per test, on a free port of loopback, in front of a PostgreSQL. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './ports.ts';
import { until } from './until.ts';

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'].find((file) => fs.existsSync(file));

/** True where PgBouncer is not installed, after a message; continuous integration must have one. */
export const pgBouncerIsMissing = program === undefined && process.env['CI'] === undefined;
if (pgBouncerIsMissing) console.info('Skipped: there is no pgbouncer on this machine (Debian: apt-get install pgbouncer).');

export type PgBouncer = {
  /** The URL of the database through it. */
  readonly url: string;
  stop(): Promise<void>;
};

/** `settings` are lines of its configuration, such as `pool_mode = transaction`. */
export async function startPgBouncer(databaseUrl: string, settings: readonly string[]): Promise<PgBouncer> {
  const target = new URL(databaseUrl);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-pgbouncer-'));
  fs.chmodSync(folder, 0o755);
  const port = await freePort();
  const login = `user=${target.username} password=${decodeURIComponent(target.password)}`;
  const file = path.join(folder, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `* = host=${target.hostname} port=${target.port} ${login}`,
    '[pgbouncer]',
    `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\nauth_type = any`,
    ...settings,
  ];
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  // It refuses to run as root.
  const as = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(program ?? '', [...as, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await until(() => accepts(port), {
    what: `PgBouncer on port ${port}`,
    seen: () => `it says: ${said.slice(-500)}`,
    gone: () => child.exitCode !== null && `it ended: ${said.slice(-500)}`,
  });
  const url = new URL(databaseUrl);
  url.port = String(port);
  return {
    url: url.href,
    stop: async () => {
      if (child.exitCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
