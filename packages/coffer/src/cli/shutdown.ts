import { setTimeout as pause } from 'node:timers/promises';
import { describeFailure } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';

const stopTimeoutMs = 30_000;
/** One Ctrl-C arrives up to three times: from the terminal, npm and the launcher. */
const samePressMs = 500;
const parentCheckMs = 250;
/**
 * V8 may still be compiling recently hot code in another thread. If that thread requests a garbage collection while Node joins it
 * at exit, both hang forever (https://github.com/nodejs/node/issues/54918; seen once here). A pause makes that unlikely, not
 * impossible.
 */
const compilerMs = 300;

/**
 * Starts something and keeps the process running until it is stopped by SIGINT, SIGTERM or SIGHUP, or because its launcher was
 * killed. The first signal stops it cleanly within 30 s (exit code 0), a second one exits immediately (130).
 */
export async function runUntilStopped(
  log: Log,
  start: () => Promise<{ stop(): Promise<void> }>,
  stopRequested: StopRequest = listenForStop(log),
): Promise<void> {
  let running: { stop(): Promise<void> };
  try {
    running = await start();
  } catch (error) {
    // If the start was interrupted, errors caused by the interruption are irrelevant.
    if (stopRequested.signal.aborted) process.exit(130);
    throw error;
  }
  await stopRequested.promise;
  const timeout = setTimeout(() => {
    log.error(`Shutdown did not finish within ${stopTimeoutMs / 1000} s; exiting. Nothing that was answered is lost.`);
    process.exit(1);
  }, stopTimeoutMs);
  try {
    await running.stop();
  } catch (error) {
    log.error(describeFailure(error));
    process.exit(1);
  }
  clearTimeout(timeout);
  log.info('Stopped');
  await pause(compilerMs);
  process.exit(0);
}

/**
 * For work that can end at any point and then has a result to report: whether Ctrl-C was pressed. A second Ctrl-C exits
 * immediately (130).
 */
export function listenForInterrupt(): () => boolean {
  let firstAt: number | undefined;
  process.on('SIGINT', () => {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt > samePressMs) process.exit(130);
    firstAt ??= now;
  });
  return () => firstAt !== undefined;
}

/** `signal`: aborted as soon as `promise` resolves. */
type StopRequest = { readonly promise: Promise<void>; readonly signal: AbortSignal };

/**
 * A worker process stops when its supervisor says so. A signal may reach all processes at once, from a terminal or a service manager: then
 * the supervisor decides in which order they stop.
 */
export function stopOfWorker(asked: Promise<void>): StopRequest {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  const controller = new AbortController();
  return { promise: asked.then(() => controller.abort()), signal: controller.signal };
}

function listenForStop(log: Log): StopRequest {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  let firstAt: number | undefined;
  const onSignal = (reason: string) => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      log.info(`Stopping (${reason}); signal again to exit immediately`);
      controller.abort();
      resolve();
    } else if (now - firstAt > samePressMs) {
      log.warn('Exiting immediately. Nothing that was answered is lost.');
      process.exit(130);
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => onSignal(name));
  process.once('disconnect', () => onSignal('the launcher ended'));
  if (process.env['npm_lifecycle_event'] !== undefined) watchParent(() => onSignal('npm ended'));
  return { promise, signal: controller.signal };
}

/** npm sends SIGTERM to the shell that it started us with, and the shell dies without passing it on. */
function watchParent(onGone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, parentCheckMs);
  timer.unref();
}
