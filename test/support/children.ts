/** Processes that tests start: one that fails half way leaves none of them running. */
import type { ChildProcess } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** To be called for each of them. Who starts one before the first test ends it after the last. */
export function endWithTest(child: ChildProcess): void {
  try {
    onTestFinished(() => void child.kill('SIGKILL'));
  } catch {
    // No test is under way.
  }
}
