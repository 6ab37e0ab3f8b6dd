import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { placeInside } from '../src/home.ts';
import { clusterOf } from '../src/record.ts';
import { removeEmbedded } from '../src/index.ts';
import { cleanUp, cleanUpAfter, failureOf, newHome, query, silentLog, start } from './homes.ts';

const log = silentLog;
afterEach(cleanUp);

const isRoot = process.getuid?.() === 0;

async function startWithMark(home: string, options: Parameters<typeof start>[1] = {}) {
  const server = await start(home, options);
  await query(server.url, 'create table kept as select 42 as value');
  await server.stop();
  return server.folder;
}

async function hasMark(home: string): Promise<boolean> {
  const server = await start(home);
  const rows = await query(server.url, 'select value from kept');
  await server.stop();
  return rows.length === 1;
}

function closedHome(): { closed: string; home: string } {
  const closed = newHome();
  fs.chmodSync(closed, 0o700);
  const home = path.join(closed, 'home');
  cleanUpAfter(async () => void (await removeEmbedded({ home, log })));
  return { closed, home };
}

describe('a home records its database', () => {
  test('the database is inside the home, whatever the mode of the home was', async () => {
    const home = newHome();
    fs.chmodSync(home, 0o700);
    expect(await startWithMark(home)).toBe(path.join(home, 'postgres'));
    expect(fs.statSync(home).mode & 0o777).toBe(isRoot ? 0o711 : 0o700);
    fs.chmodSync(home, 0o700);
    expect(await hasMark(home)).toBe(true);
  });

  test('the record names the cluster as PostgreSQL does', async () => {
    const home = newHome();
    const server = await start(home);
    const [row] = await query<{ id: string }>(server.url, 'select system_identifier::text as id from pg_control_system()');
    expect(clusterOf(placeInside(home))).toBe(row?.id);
    expect(JSON.parse(fs.readFileSync(path.join(home, 'database.json'), 'utf8'))).toEqual({ folder: 'postgres', cluster: row?.id });
  });

  test('a home that was moved has its database with it', async () => {
    const home = newHome();
    await startWithMark(home);
    const moved = path.join(newHome(), 'moved');
    cleanUpAfter(async () => void (await removeEmbedded({ home: moved, log })));
    fs.renameSync(home, moved);
    expect(await hasMark(moved)).toBe(true);
  });

  test.each(['postgres', 'postgres/data'])('a start without the recorded %s is refused, and creates nothing', async (gone) => {
    const home = newHome();
    await startWithMark(home);
    fs.rmSync(path.join(home, gone), { recursive: true });
    const failure = await failureOf(start(home));
    expect(failure.message).toBe(`The database of ${home} is missing: it was in ${home}/postgres/data.`);
    expect(failure.remedy).toContain('coffer reset');
    expect(fs.existsSync(path.join(home, 'postgres/data'))).toBe(false);
  });

  test('a start on another database in its place is refused', async () => {
    const [home, other] = [newHome(), newHome()];
    await startWithMark(home);
    await startWithMark(other);
    fs.rmSync(path.join(home, 'postgres'), { recursive: true });
    fs.renameSync(path.join(other, 'postgres'), path.join(home, 'postgres'));
    const failure = await failureOf(start(home));
    expect(failure.message).toContain('holds another database than the one of');
    expect(failure.remedy).toContain('database.json');
    fs.rmSync(path.join(home, 'database.json'));
    expect(await hasMark(home)).toBe(true);
  });

  test('a damaged record is refused', async () => {
    const home = newHome();
    await startWithMark(home);
    fs.writeFileSync(path.join(home, 'database.json'), '{"folder":');
    expect((await failureOf(start(home))).message).toContain('cannot be read');
    fs.rmSync(path.join(home, 'database.json'));
    expect(await hasMark(home)).toBe(true);
  });

  test('a reset forgets the record, also of a database that is missing', async () => {
    const home = newHome();
    await startWithMark(home);
    expect(await removeEmbedded({ home, log })).toEqual([path.join(home, 'postgres')]);
    expect(fs.existsSync(path.join(home, 'database.json'))).toBe(false);
    await startWithMark(home);
    fs.rmSync(path.join(home, 'postgres'), { recursive: true });
    expect(await removeEmbedded({ home, log })).toEqual([]);
    await startWithMark(home);
  });
});

describe.runIf(isRoot)('run by root, in a folder that PostgreSQL’s user cannot pass', () => {
  test('an explicit home is refused with the folder to open, and nothing is created elsewhere', async () => {
    const { closed, home } = closedHome();
    const failure = await failureOf(start(home));
    expect(failure.message).toMatch(
      new RegExp(`^PostgreSQL runs as the user ".*" when Coffer runs as root, and that user cannot enter ${closed}\\.$`),
    );
    expect(failure.remedy).toContain(`chmod o+x ${closed}`);
    fs.chmodSync(closed, 0o711);
    expect((await start(home)).folder).toBe(path.join(home, 'postgres'));
  });

  test('a database that was inside is refused in the same way when the folder is closed later', async () => {
    const { closed, home } = closedHome();
    fs.chmodSync(closed, 0o711);
    await startWithMark(home);
    fs.chmodSync(closed, 0o700);
    expect((await failureOf(start(home))).message).toContain(`cannot enter ${closed}.`);
  });

  test('the default home has its database in a shared folder, and finds it after it was moved', async () => {
    const { closed, home } = closedHome();
    const folder = await startWithMark(home, { outside: 'allow' });
    expect(folder.startsWith(closed)).toBe(false);
    const moved = path.join(closed, 'moved');
    fs.renameSync(home, moved);
    expect(await hasMark(moved)).toBe(true);
    expect(await removeEmbedded({ home: moved, log })).toEqual([folder]);
    expect(fs.existsSync(folder)).toBe(false);
  });

  test('an explicit home goes on using the database that an earlier version put into a shared folder, and records it', async () => {
    const { home } = closedHome();
    const folder = await startWithMark(home, { outside: 'allow' });
    fs.rmSync(path.join(home, 'database.json'));
    expect(await hasMark(home)).toBe(true);
    expect(JSON.parse(fs.readFileSync(path.join(home, 'database.json'), 'utf8'))).toMatchObject({ folder });
  });

  test('a shared folder that is gone is refused', async () => {
    const { home } = closedHome();
    const folder = await startWithMark(home, { outside: 'allow' });
    fs.rmSync(folder, { recursive: true });
    expect((await failureOf(start(home, { outside: 'allow' }))).message).toContain('is missing: it was in');
  });
});
