import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { removeEmbedded } from '../src/index.ts';
import { cleanUp, cleanUpAfter, failureOf, newHome, postmasterPid, query, silentLog, start, startElsewhere } from './homes.ts';

afterEach(cleanUp);

/** Longer than the time-out of any single query to the server. */
const pausedMs = 8_000;

/** Pauses a server like a machine under load; it continues when the test ends at the latest. */
function pauseServer(home: string): { pid: number; proceed: () => void } {
  const pid = postmasterPid(home);
  const proceed = () => void process.kill(pid, 'SIGCONT');
  process.kill(pid, 'SIGSTOP');
  cleanUpAfter(() => {
    try {
      proceed();
    } catch {
      // It has ended.
    }
  });
  return { pid, proceed };
}

describe('while its owner lives', () => {
  test('a second copy is refused with a message, and the first continues', async () => {
    const home = newHome();
    const { child, url } = await startElsewhere(home);
    const failure = await failureOf(start(home));
    expect(failure.message).toBe(`Another copy of Coffer (process ${child.pid}) is running on ${home}.`);
    expect(failure.remedy).toContain('COFFER_HOME');
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('a second copy may join the first, and leaves the server running when it stops', async () => {
    const home = newHome();
    const { url } = await startElsewhere(home);
    const guest = await start(home, { whenRunning: 'join' });
    expect(guest).toMatchObject({ joined: true, url });
    await guest.stop();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('a joining process waits for a server that is silent for seconds; it neither stops nor moves it', async () => {
    const home = newHome();
    const { child, url } = await startElsewhere(home);
    const { pid, proceed } = pauseServer(home);
    let hasJoined = false;
    const joining = start(home, { whenRunning: 'join' }).finally(() => (hasJoined = true));
    await sleep(pausedMs);
    expect(hasJoined).toBe(false);
    proceed();
    expect(await joining).toMatchObject({ joined: true, url });
    expect(postmasterPid(home)).toBe(pid);
    expect(child.exitCode).toBeNull();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('a start and a removal are refused while the server is silent, and do not touch it', async () => {
    const home = newHome();
    const { url } = await startElsewhere(home);
    const { pid, proceed } = pauseServer(home);
    expect((await failureOf(start(home))).message).toContain('is running on');
    expect((await failureOf(removeEmbedded({ home, log: silentLog }))).message).toContain('is running on');
    proceed();
    expect(postmasterPid(home)).toBe(pid);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('the same process is refused as well', async () => {
    const home = newHome();
    const { url } = await start(home);
    expect((await failureOf(start(home))).message).toContain(`process ${process.pid}`);
    // The refusal has not cost the first its lock.
    expect((await failureOf(start(home))).message).toContain(`process ${process.pid}`);
    expect(await start(home, { whenRunning: 'join' })).toMatchObject({ joined: true, url });
  });
});

describe('after its owner was killed', () => {
  async function leaveOrphan(home: string): Promise<number> {
    const { child, url } = await startElsewhere(home);
    await query(url, 'create table kept as select 42 as value');
    const orphan = postmasterPid(home);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(() => process.kill(orphan, 0)).not.toThrow();
    return orphan;
  }

  test('a start takes over the orphaned server, with all data', async () => {
    const home = newHome();
    const orphan = await leaveOrphan(home);
    const next = await start(home);
    expect(postmasterPid(home)).not.toBe(orphan);
    expect(await query(next.url, 'select value from kept')).toEqual([{ value: 42 }]);
  });

  test('a start takes over a paused server, too', async () => {
    const home = newHome();
    await leaveOrphan(home);
    pauseServer(home);
    const next = await start(home);
    expect(await query(next.url, 'select value from kept')).toEqual([{ value: 42 }]);
  });

  test('a process that would have joined becomes the owner', async () => {
    const home = newHome();
    await leaveOrphan(home);
    const next = await start(home, { whenRunning: 'join' });
    expect(next.joined).toBe(false);
    expect(await query(next.url, 'select value from kept')).toEqual([{ value: 42 }]);
    expect((await failureOf(start(home))).message).toContain(`process ${process.pid}`);
  });

  test('of two simultaneous starts, one takes over and the other is refused', async () => {
    const home = newHome();
    await leaveOrphan(home);
    const outcomes = await Promise.allSettled([startElsewhere(home), startElsewhere(home)]);
    const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(await query(winners[0]?.value.url ?? '', 'select value from kept')).toEqual([{ value: 42 }]);
  });
});

test('copies that create the same home simultaneously: one gets it, the others are refused', async () => {
  const home = newHome();
  const outcomes = await Promise.allSettled([startElsewhere(home), startElsewhere(home), startElsewhere(home)]);
  const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  expect(winners).toHaveLength(1);
  expect(await query(winners[0]?.value.url ?? '', 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a start waits for an owner that is stopping', async () => {
  const home = newHome();
  const first = await start(home);
  const [, second] = await Promise.all([first.stop(), start(home)]);
  expect(second.joined).toBe(false);
  expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('what the owner prepares is there before others join', async () => {
  const home = newHome();
  const prepare = async (url: string) => void (await query(url, 'select pg_sleep(0.5); create table prepared ()'));
  const [, guest] = await Promise.all([
    start(home, { prepare }),
    sleep(10).then(async () => {
      await expect.poll(() => fs.existsSync(path.join(home, 'postgres/data/postmaster.pid'))).toBe(true);
      return await start(home, { whenRunning: 'join' });
    }),
  ]);
  expect(guest.joined).toBe(true);
  expect(await query(guest.url, 'select from prepared')).toEqual([]);
});

test('a failed preparation ends the server and frees the home', async () => {
  const home = newHome();
  await expect(start(home, { prepare: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
  expect(await removeEmbedded({ home, log: silentLog })).toEqual([path.join(home, 'postgres')]);
});
