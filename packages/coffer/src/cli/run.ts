import path from 'node:path';
import { currentChange } from './changes.ts';
import type { Context } from '../compose/commands.ts';
import { readConfig, settingTable } from '../compose/config.ts';
import type { Config } from '../compose/config.ts';
import { createLog, describeFailure, exitOnUncaughtErrors, isTerminal, LogFile, OperatorError } from '../kernel/index.ts';
import { printable } from './terminal.ts';

/** Reads the settings, then runs the command; a failure is printed as sentences and becomes exit code 1. */
export async function runCommand(
  options: { json?: boolean; descriptor: 1 | 2; logFile?: string },
  work: (context: Context) => Promise<void>,
): Promise<void> {
  try {
    readEnvironmentFile();
    const { config, problems, warnings = [] } = readConfig(process.env);
    if (problems) {
      const list = problems.map((problem) => `  - ${problem}`).join('\n');
      throw new OperatorError(`Invalid settings:\n${list}`, 'Correct them in the environment and run the command again.');
    }
    const { file, problem } = openLogFile(config, options.logFile);
    const log = createLog({
      level: config.logLevel,
      pretty: !options.json && isTerminal(options.descriptor),
      descriptor: options.descriptor,
      file,
    });
    for (const warning of [...warnings, ...(problem === undefined ? [] : [problem])]) log.warn(warning);
    exitOnUncaughtErrors(log);
    await work({ config, log, change: currentChange() });
  } catch (error) {
    printFailure(error, options.json ?? false);
  }
}

/** Settings in a `.env` file of the current folder; a variable of the environment, also an empty one, wins. */
function readEnvironmentFile(): void {
  try {
    process.loadEnvFile('.env');
  } catch (failure) {
    const { code = 'unknown reason' } = failure as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new OperatorError(
      `The file .env in this folder cannot be read (${code}).`,
      'Make it a readable file, or run Coffer in another folder.',
    );
  }
}

/** Like `runCommand`, for a command that writes its result to standard output and whose parts `open` wires. */
export async function runWith<Parts>(
  options: { json?: boolean },
  open: (context: Context, work: (parts: Parts) => Promise<void>) => Promise<void>,
  work: (parts: Parts) => Promise<void>,
): Promise<void> {
  await runCommand({ ...options, descriptor: 2 }, async (context) => await open(context, work));
}

/** If the log folder is not writable, Coffer warns and still serves: the log also goes to standard output. */
function openLogFile({ observe }: Config, name: string | undefined): { file?: LogFile; problem?: string } {
  if (name === undefined || observe.logFolder === null) return {};
  try {
    return { file: new LogFile({ file: path.join(observe.logFolder, name) }) };
  } catch (failure) {
    const { code = 'unknown reason' } = failure as NodeJS.ErrnoException;
    return {
      problem: `Cannot write log files in ${observe.logFolder} (${code}). Set COFFER_LOG_FOLDER to a writable folder, or COFFER_LOG_FILES=off.`,
    };
  }
}

/** Failures go to standard error, so that a script reads only results from standard output. */
export function printFailure(error: unknown, json: boolean): void {
  process.exitCode = 1;
  if (json) {
    const remedy = error instanceof OperatorError ? error.remedy : undefined;
    console.error(printable(JSON.stringify({ error: error instanceof Error ? error.message : String(error), remedy })));
  } else {
    console.error(printable(describeFailure(error)));
  }
}

/** The result of a command: lines for people, one JSON document for programs. */
export function answer(options: { json?: boolean }, lines: string, document: object): void {
  console.log(printable(options.json ? JSON.stringify(document) : lines));
}

/** The part of a help text that lists the environment variables. */
export function settingsHelp(): string {
  const rows = settingTable.flatMap((group) => group.rows);
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, meaning, absent }) => `  ${name.padEnd(width)}  ${meaning} (${absent})`);
  return `\nEnvironment variables:\n${lines.join('\n')}`;
}
