import { describe, expect, test } from 'vitest';
import { SteadyTime } from './steady-clock.ts';

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

type Reading = readonly [afterS: number, aheadS: number];

/** The time after each reading, in seconds since the start. */
function readings(...all: readonly Reading[]) {
  const time = new SteadyTime();
  return all.map(([afterS, aheadS]) => {
    const wentBack = time.read(startMs + (afterS + aheadS) * 1_000, afterS * 1_000);
    return { nowS: (time.at(afterS * 1_000) - startMs) / 1_000, wentBack };
  });
}
const times = (...all: readonly Reading[]) => readings(...all).map(({ nowS }) => nowS);

describe('steady time', () => {
  test('follows a clock that is right, and small corrections of it', () => {
    expect(times([0, 0], [1, 0], [2, 0.5], [3, 1.5], [4, 0.2])).toEqual([0, 1, 2.5, 4.5, 4.2]);
  });

  test('goes on steadily while the clock is ahead for seven seconds', () => {
    const ahead = Array.from({ length: 8 }, (_, at) => [1 + at, 3_600] as const);
    expect(times([0, 0], ...ahead, [9, 0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('follows a clock that stays ahead after half a minute', () => {
    expect(times([0, 0], [1, 3_600], [30, 3_600], [31, 3_600], [32, 3_600])).toEqual([0, 1, 30, 3_631, 3_632]);
  });

  test('follows a clock that goes back at once, and says so', () => {
    expect(readings([0, 0], [1, -3_600], [2, -3_600])).toEqual([
      { nowS: 0, wentBack: true },
      { nowS: 1 - 3_600, wentBack: true },
      { nowS: 2 - 3_600, wentBack: false },
    ]);
  });

  test('says that a clock went back which it had not believed', () => {
    expect(readings([0, 0], [1, 3_600], [2, 0], [3, 0]).map(({ wentBack }) => wentBack)).toEqual([true, false, true, false]);
  });

  test('takes a second jump for a new one', () => {
    const time = new SteadyTime();
    for (const [machineMs, aheadMs] of [
      [0, 0],
      [1_000, hourMs],
      [2_000, 0],
      [40_000, hourMs],
    ] as const)
      time.read(startMs + machineMs + aheadMs, machineMs);
    expect(time.at(40_000)).toBe(startMs + 40_000);
  });
});
