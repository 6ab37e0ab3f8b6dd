/** How often tests repeat what they try at random: all of it in the project "slow", a part of it in "fast". */

/** Set for the project "slow" by vitest.config.ts. */
export const allRoundsVariable = 'COFFER_TEST_ALL_ROUNDS';

export function rounds(all: number, fast: number): number {
  return process.env[allRoundsVariable] === 'on' ? all : fast;
}
