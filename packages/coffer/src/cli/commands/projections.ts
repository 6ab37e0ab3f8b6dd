import { Command } from 'commander';
import { followed, retryOf, setAsideOf } from '../../compose/set-aside.ts';
import type { Followed } from '../../compose/set-aside.ts';
import { answer, runCommand } from '../run.ts';

type Json = { readonly json?: boolean };
type Retried = Awaited<ReturnType<typeof retryOf>>;
type SetAside = Retried['failed'][number];

export function projectionsCommand(): Command {
  return new Command('projections')
    .summary('show the progress of projections, and retry quarantined events')
    .description(
      'A projection is data that Coffer derives from the event log, such as stats. An event that it cannot apply is quarantined ("set aside"), and the projection continues with the others. Here you can retry such events, whether or not a dead letter exists. Works while Coffer and its worker are running.',
    )
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(setAsideCommand())
    .addCommand(retryCommand());
}

function listCommand(): Command {
  return new Command('list')
    .summary('list the projections with their progress and quarantined events (default command)')
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const list = await followed(context);
        answer(options, list.flatMap(linesOf).join('\n'), list);
      });
    });
}

function setAsideCommand(): Command {
  return new Command('set-aside')
    .summary('list the quarantined events of a projection and why they failed, newest first')
    .argument('<projection>', 'which one')
    .option('--json', 'print JSON')
    .action(async (name: string, options: Json) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const items = await setAsideOf(context, name);
        answer(options, items.length === 0 ? `${name} has no quarantined events.` : items.map(lineOf).join('\n'), {
          projection: name,
          items,
        });
      });
    });
}

function retryCommand(): Command {
  return new Command('retry')
    .summary('retry quarantined events; exit code 1 if some fail again')
    .description(
      'Reads each event from the log again and tries to apply it, one at a time, oldest first. Each event is applied once, however often it is retried. Needs the same settings as the worker (such as SMTP_URL), because it does the same work.',
    )
    .argument('<projection>', 'which one')
    .argument('[events...]', 'event ids, from "coffer projections set-aside"; default all')
    .option('--json', 'print JSON')
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
  if (!status) return [`${name}: not started yet; the worker starts it.`];
  const { books, generation, building, setAside } = status;
  const notes = [`generation ${generation}`, ...(building === null ? [] : [`${building} being built`]), `${setAside} quarantined`];
  return [
    `${name}: ${notes.join(', ')}`,
    ...books.map(({ book, seq, part, applied, behindEntries, behindSeconds, aheadEntries }) => {
      if (aheadEntries > 0) return `  book ${book}: AHEAD of the log by ${number(aheadEntries)} entries; run: coffer rebuild ${name}`;
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
      ? `${name}: there was nothing to retry.`
      : `${name}: ${applied} applied, ${failed.length} failed again.`,
    ...failed.map((event) => `  ${lineOf(event)}`),
    ...notSetAside.map((id) => `  ${id}  is not quarantined: it was applied, or never failed`),
  ].join('\n');
}
