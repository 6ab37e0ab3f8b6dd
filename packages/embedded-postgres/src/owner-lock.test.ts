import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makePlace } from './home.ts';
import type { Place } from './home.ts';
import { announcedOwner, tryOwnerLock } from './owner-lock.ts';

let home: string;
let place: Place;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-lock-'));
  place = makePlace(home, undefined);
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

/** Takes the lock in a separate process; resolves once it is taken. */
async function lockElsewhere() {
  const script = `
    import { tryOwnerLock } from ${JSON.stringify(path.join(import.meta.dirname, 'owner-lock.ts'))};
    const lock = tryOwnerLock(${JSON.stringify(place)});
    lock?.announce();
    console.log(lock === undefined ? 'held' : 'taken');
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(line.toString().trim()).toBe('taken');
  return child;
}

test('one at a time holds it, including within this process', () => {
  const first = tryOwnerLock(place);
  expect(tryOwnerLock(place)).toBeUndefined();
  expect(tryOwnerLock(place)).toBeUndefined();
  first?.release();
  const second = tryOwnerLock(place);
  expect(second).toBeDefined();
  // A second release of the first must not release the second's lock.
  first?.release();
  expect(tryOwnerLock(place)).toBeUndefined();
  second?.release();
});

test('another process holds it until it dies, by whatever signal', async () => {
  const child = await lockElsewhere();
  expect(tryOwnerLock(place)).toBeUndefined();
  expect(announcedOwner(place)).toBe(child.pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = tryOwnerLock(place);
  expect(lock).toBeDefined();
  // A killed process also loses its announcement.
  expect(announcedOwner(place)).toBeUndefined();
  lock?.release();
});

test('a stopped process still holds it', async () => {
  const child = await lockElsewhere();
  child.kill('SIGSTOP');
  expect(tryOwnerLock(place)).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('the owner is known while it is announced, and not after', () => {
  const lock = tryOwnerLock(place);
  expect(announcedOwner(place)).toBeUndefined();
  lock?.announce();
  expect(announcedOwner(place)).toBe(process.pid);
  lock?.withdraw();
  expect(announcedOwner(place)).toBeUndefined();
  lock?.release();
});

test('a home that was removed and recreated has its own lock', () => {
  const old = tryOwnerLock(place);
  fs.rmSync(place.folder, { recursive: true });
  makePlace(home, undefined);
  const fresh = tryOwnerLock(place);
  expect(fresh).toBeDefined();
  old?.release();
  expect(tryOwnerLock(place)).toBeUndefined();
  fresh?.release();
});

test('a home that was removed while a process waited for it is created again', () => {
  fs.rmSync(place.folder, { recursive: true });
  const lock = tryOwnerLock(place);
  expect(lock).toBeDefined();
  lock?.release();
});

test('a file that cannot be locked is refused with a message', () => {
  fs.rmSync(place.folder, { recursive: true });
  fs.writeFileSync(place.folder, '');
  expect(() => tryOwnerLock(place)).toThrow(/is not a folder/);
});
