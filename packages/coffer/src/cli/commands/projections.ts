import { Command } from 'commander';
import { followed, retryOf, setAsideOf } from '../../compose/set-aside.ts';
import type { Followed } from '../../compose/set-aside.ts';
import { answer, runCommand } from '../run.ts';

type Json = { readonly json?: boolean };
type Retried = Awaited<ReturnType<typeof retryOf>>;
type SetAside = Retried['failed'][number];

export function projectionsCommand(): Command {
  return new Command('projections')
    .summary('see how far what follows the event log is, and try again what it set aside')
    .description(
      'A projection is what Coffer derives from the event log, such as stats. An event that it cannot apply is set aside, and the others flow on; here it is tried again, whether or not there is a dead letter of it. Works beside a running Coffer and its worker.',
    )
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(setAsideCommand())
    .addCommand(retryCommand());
}

function listCommand(): Command {
  return new Command('list')
    .summary('list them: how far each is, and how much it set aside; the same without "list"')
    .option('--json', 'answer as JSON')
    .action(async (options: Json) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const list = await followed(context);
        answer(options, list.flatMap(linesOf).join('\n'), list);
      });
    });
}

function setAsideCommand(): Command {
  return new Command('set-aside')
    .summary('list the events that one could not apply, and why, newest first')
    .argument('<projection>', 'which one')
    .option('--json', 'answer as JSON')
    .action(async (name: string, options: Json) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const items = await setAsideOf(context, name);
        answer(options, items.length === 0 ? `${name} has nothing set aside.` : items.map(lineOf).join('\n'), { projection: name, items });
      });
    });
}

function retryCommand(): Command {
  return new Command('retry')
    .summary('try events again that it could not apply; exit code 1 when some still fail')
    .description(
      'Reads each from the log again and tries to apply it, by itself, the oldest first. However often and by how many it is tried, it is applied once. Needs the settings that the worker has (such as SMTP_URL), for it does the same work.',
    )
    .argument('<projection>', 'which one')
    .argument('[events...]', 'their ids, from "coffer projections set-aside"; without any, every one')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExamples:\n  coffer projections retry stats\n  coffer projections retry stats 1-4711-1')
    .action(async (name: string, ids: string[], options: Json) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const retried = await retryOf(context, name, ids);
        answer(options, sentences(name, retried), { projection: name, ...retried });
        if (retried.failed.length > 0) process.exitCode = 1;
      });
    });
}

function linesOf({ name, status }: Followed): string[] {
  if (!status) return [`${name}: not begun; the worker begins it.`];
  const { books, generation, building, setAside } = status;
  const notes = [`generation ${generation}`, ...(building === null ? [] : [`${building} being built`]), `${setAside} set aside`];
  return [
    `${name}: ${notes.join(', ')}`,
    ...books.map(({ book, seq, part, applied, behindEntries, behindSeconds }) => {
      const lag = behindEntries === 0 ? 'at the end of the log' : `${number(behindEntries)} entries and ${number(behindSeconds)} s behind`;
      return `  book ${book}: at ${seq}-${part}, ${number(applied)} events, ${lag}`;
    }),
  ];
}

function number(value: number): string {
  return Math.ceil(value).toLocaleString('en-US');
}

function lineOf({ id, type, wallet, error, tries, since }: SetAside): string {
  return `${id}  ${type ?? 'no event'}  ${wallet ?? '-'}  ${error.replaceAll(/\s+/g, ' ')}  ${tries} tries since ${since.toISOString()}`;
}

function sentences(name: string, { applied, failed, notSetAside }: Retried): string {
  return [
    applied === 0 && failed.length === 0
      ? `${name}: there was nothing to try.`
      : `${name}: ${applied} applied, ${failed.length} still fail.`,
    ...failed.map((event) => `  ${lineOf(event)}`),
    ...notSetAside.map((id) => `  ${id}  is not set aside: it was applied, or never failed`),
  ].join('\n');
}
