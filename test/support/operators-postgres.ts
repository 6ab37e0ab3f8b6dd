/** A PostgreSQL as an operator runs it: its settings are in its configuration, so ALTER SYSTEM changes them. On a free port of loopback. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { chooseAccount } from '../../packages/embedded-postgres/src/account.ts';
import { findBinaries, program, reachableBinaries } from '../../packages/embedded-postgres/src/binaries.ts';
import { processOptions } from '../../packages/embedded-postgres/src/cluster.ts';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { freePort } from './ports.ts';
import { temporaryHome } from './server.ts';
import { until } from './until.ts';

export type OperatorsPostgres = { readonly url: string; stop(): Promise<void> };

export async function startOperatorsPostgres(): Promise<OperatorsPostgres> {
  const home = temporaryHome();
  const data = path.join(home, 'data');
  const account = chooseAccount(data);
  const binaries = reachableBinaries(findBinaries(), account, home);
  const options = processOptions(account);
  fs.mkdirSync(data, { mode: 0o700 });
  if (account) fs.chownSync(data, account.uid, account.gid);
  const how = ['--username=coffer', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  const made = spawnSync(program(binaries, 'initdb'), [`--pgdata=${data}`, ...how], { ...options, encoding: 'utf8' });
  assert(made.status === 0, `initdb ends well: ${made.stderr}`);
  const port = await freePort();
  const own = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '', shared_buffers: '32MB' };
  const settings = Object.entries(own).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(program(binaries, 'postgres'), ['-D', data, ...settings], { ...options, stdio: 'ignore' });
  const url = `postgres://coffer:none@127.0.0.1:${port}/postgres`;
  await until(() => answers(url), {
    what: `PostgreSQL on port ${port}`,
    seen: () => 'it does not answer',
    gone: () => server.exitCode !== null && `it ended with exit code ${server.exitCode}`,
  });
  return {
    url,
    stop: async () => {
      const gone = once(server, 'exit');
      server.kill('SIGINT');
      await gone;
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  return await client.connect().then(
    async () => {
      await client.end();
      return true;
    },
    () => false,
  );
}
