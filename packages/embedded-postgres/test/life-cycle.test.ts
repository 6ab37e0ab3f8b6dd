import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { removeEmbedded } from '../src/index.ts';
import { cleanUp, cleanUpAfter, failureOf, newHome, postmasterPid, query, silentLog, start, startElsewhere } from './homes.ts';

const log = silentLog;
afterEach(cleanUp);

describe('the embedded PostgreSQL', () => {
  test('listens on loopback only, requires its password, and keeps every commit durable', async () => {
    const server = await start(newHome());
    const rows = await query<{ name: string; setting: string }>(
      server.url,
      `select name, setting from pg_settings where name in
        ('listen_addresses', 'unix_socket_directories', 'fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums') order by name`,
    );
    expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toEqual({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      data_checksums: 'on',
    });
    const [version] = await query<{ server_version: string }>(server.url, 'show server_version');
    expect(version?.server_version).toMatch(/^18\./);
    await expect(query(server.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password authentication failed/);
  });

  test('keeps its data, its port and its password across a stop and a start', async () => {
    const home = newHome();
    const first = await start(home);
    await query(first.url, 'create table kept as select 42 as value');
    await first.stop();
    await expect(query(first.url, 'select 1')).rejects.toThrow();
    const second = await start(home);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 42 }]);
  });

  test('moves to another port when its own was taken, and remembers the new one', async () => {
    const home = newHome();
    const first = await start(home);
    await first.stop();
    const thief = net.createServer().listen({ host: '127.0.0.1', port: Number(new URL(first.url).port) });
    await once(thief, 'listening');
    cleanUpAfter(() => void thief.close());
    const second = await start(home);
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
    await second.stop();
    expect((await start(home)).url).toBe(second.url);
  });

  test('a start recovers after process and server were both killed', async () => {
    const home = newHome();
    const { child, url } = await startElsewhere(home);
    await query(url, 'create table kept as select 42 as value');
    const orphan = postmasterPid(home);
    child.kill('SIGKILL');
    process.kill(orphan, 'SIGKILL');
    await once(child, 'exit');
    const next = await start(home);
    expect(await query(next.url, 'select value from kept')).toEqual([{ value: 42 }]);
  });

  test('a lock file whose process id belongs to another program does not prevent a start', async () => {
    const home = newHome();
    const first = await start(home);
    await first.stop();
    const lock = path.join(home, 'postgres/data/postmaster.pid');
    // PostgreSQL takes any process of its own user for a server, except its parents.
    const { uid, gid } = fs.statSync(path.join(home, 'postgres/data'));
    const stranger = spawn('sleep', ['60'], { cwd: '/', uid, gid, stdio: 'ignore' });
    cleanUpAfter(() => void stranger.kill());
    fs.writeFileSync(lock, `${stranger.pid}\n${home}/postgres/data\n1\n5432\n\n\n1 1\n`);
    await expect(start(home)).resolves.toBeDefined();
  });

  test('is restarted when it dies under a running process', async () => {
    const home = newHome();
    const server = await start(home);
    await query(server.url, 'create table kept as select 42 as value');
    const killed = postmasterPid(home);
    process.kill(killed, 'SIGKILL');
    await expect
      .poll(() => query(server.url, 'select value from kept').catch(() => 'away'), {
        timeout: 120_000,
      })
      .toEqual([{ value: 42 }]);
    expect(postmasterPid(home)).not.toBe(killed);
    await server.stop();
    expect(fs.existsSync(path.join(home, 'postgres/data/postmaster.pid'))).toBe(false);
  });

  test('a creation that crashed leaves nothing in the way of the next start', async () => {
    const home = newHome();
    const half = path.join(home, 'postgres/data.new-999999999');
    fs.mkdirSync(half, { recursive: true, mode: 0o711 });
    fs.chmodSync(path.join(home, 'postgres'), 0o711);
    fs.writeFileSync(path.join(half, 'PG_VERSION'), '18\n');
    await expect(start(home)).resolves.toBeDefined();
    expect(fs.existsSync(half)).toBe(false);
  });

  test('a lost password is replaced, because the data folder is ours', async () => {
    const home = newHome();
    const first = await start(home);
    await query(first.url, 'create table kept as select 42 as value');
    await first.stop();
    fs.rmSync(path.join(home, 'postgres/credentials.json'));
    const second = await start(home);
    expect(second.url).not.toBe(first.url);
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 42 }]);
  });
});

describe('fixable failures have readable messages', () => {
  test('a folder that is not a database', async () => {
    const home = newHome();
    fs.mkdirSync(path.join(home, 'postgres/data'), { recursive: true });
    fs.chmodSync(path.join(home, 'postgres'), 0o711);
    fs.writeFileSync(path.join(home, 'postgres/data/stray'), '');
    chownToNobody(path.join(home, 'postgres/data'));
    expect((await failureOf(start(home))).message).toContain('is not a PostgreSQL data folder');
  });

  test('data of another major version', async () => {
    const home = newHome();
    const first = await start(home);
    await first.stop();
    fs.writeFileSync(path.join(home, 'postgres/data/PG_VERSION'), '17\n');
    expect((await failureOf(start(home))).message).toContain('PostgreSQL 17 wrote the data');
  });

  test('a data folder with a broken control file', async () => {
    const home = newHome();
    const first = await start(home);
    await first.stop();
    fs.truncateSync(path.join(home, 'postgres/data/global/pg_control'), 100);
    const failure = await failureOf(start(home));
    expect(failure.message).toMatch(/does not start: .*pg_control/);
    expect(failure.remedy).toContain('npm run reset');
  });

  test.runIf(process.getuid?.() === 0)('a machine without a user that may run PostgreSQL for root', async () => {
    const failure = await failureOf(start(newHome(), { accounts: ['no-such-user'] }));
    expect(failure.message).toContain('none of the users no-such-user');
  });

  test('a home that is a file', async () => {
    const home = newHome();
    fs.writeFileSync(path.join(home, 'file'), '');
    expect((await failureOf(start(path.join(home, 'file')))).message).toContain('is not a folder');
  });
});

describe.runIf(process.getuid?.() === 0)('run by root', () => {
  test('works on a machine without a postgres user', async () => {
    const home = newHome();
    const server = await start(home, { accounts: ['no-such-user', 'nobody'] });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(fs.statSync(path.join(home, 'postgres/data')).uid).not.toBe(0);
  });
});

describe('removing the database', () => {
  test('is refused while a copy runs, and works after it was killed', async () => {
    const home = newHome();
    const { child } = await startElsewhere(home);
    expect((await failureOf(removeEmbedded({ home, log }))).message).toContain('is running on');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await removeEmbedded({ home, log })).toEqual([path.join(home, 'postgres')]);
    expect(fs.existsSync(path.join(home, 'postgres'))).toBe(false);
  });
});

function chownToNobody(folder: string): void {
  if (process.getuid?.() === 0) fs.chownSync(folder, 65_534, 65_534);
}
