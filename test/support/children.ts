/** Processes that tests start: a test that fails halfway leaves none of them running. */
import type { ChildProcess } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** Call it for each process. One started before the first test ends after the last. */
export function endWithTest(child: ChildProcess): void {
  try {
    onTestFinished(() => void child.kill('SIGKILL'));
  } catch {
    // No test is running.
  }
}
