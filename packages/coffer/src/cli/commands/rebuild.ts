import { Command } from 'commander';
import { OperatorError } from '../../kernel/index.ts';
import { rebuildable, rebuildProjection } from '../../compose/rebuild.ts';
import type { Rebuildable } from '../../compose/rebuild.ts';
import { answer, runCommand } from '../run.ts';

type Options = { readonly check?: boolean; readonly json?: boolean };

export function rebuildCommand(): Command {
  return new Command('rebuild')
    .summary('rebuild a projection from the beginning of the event log')
    .description(
      'Builds a new generation of a projection from the first event, and switches to it when it has caught up. Coffer can keep running meanwhile. An interrupted rebuild has no effect: run it again. Without a name, the command lists the projections that can be rebuilt.',
    )
    .argument('[projection]', 'name of the projection')
    .option('--check', 'build a copy, compare it with the current data and change nothing; exit code 1 if they differ')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer rebuild                 list the projections that can be rebuilt, and their progress
  coffer rebuild stats           rebuild the stats of all wallets
  coffer rebuild stats --check   compare the stats with the log

The projections, and what --check compares:
  stats          the stats of all wallets
  fraud          the findings: event, rule and version, action, wallet, time of the event, counted events, facts;
                 not whether the action was done, nor the movements stored for rule windows;
                 a rebuild performs the actions of findings that were missed before, such as a freeze
  notifications  cannot be rebuilt: it would notify users again
  webhooks       cannot be rebuilt: it would send deliveries again
If one of these two is ahead of the log, the command moves it back to the last event that it had applied.`,
    )
    .action(async (name: string | undefined, options: Options) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        if (name === undefined && options.check)
          throw new OperatorError('No projection is named.', 'Name the one to compare: coffer rebuild stats --check.');
        if (name === undefined) {
          const list = await rebuildable(context);
          return answer(options, list.map(lineOf).join('\n'), list);
        }
        const rebuilt = await rebuildProjection(context, {
          name,
          check: options.check ?? false,
          ...(process.stderr.isTTY && { onProgress: showProgress }),
        });
        answer(options, sentences(rebuilt), rebuilt);
        if (rebuilt.differences !== null && rebuilt.differences.length > 0) process.exitCode = 1;
      });
    });
}

function showProgress({ book, events, seq, ofSeq }: { book: number; events: number; seq: number; ofSeq: number }): void {
  const percent = ofSeq === 0 ? 100 : Math.min(100, Math.floor((seq / ofSeq) * 100));
  process.stderr.write(`\r\x1b[KBook ${book}: ${percent} %, ${events.toLocaleString('en-US')} events${percent >= 100 ? '\n' : ''}`);
}

function lineOf({ name, comparable, status }: Rebuildable): string {
  if (!status) return `${name}: not started yet; the worker starts it.`;
  const { books, setAside, building } = status;
  const events = books.reduce((sum, { applied }) => sum + applied, 0);
  const behind = books.reduce((sum, { behindEntries }) => sum + behindEntries, 0);
  if (books.some(({ aheadEntries }) => aheadEntries > 0)) return `${name}: AHEAD of the log; run: coffer rebuild ${name}`;
  return [
    `${name}: ${events.toLocaleString('en-US')} events, ${behind === 0 ? 'at the end of the log' : `${behind.toLocaleString('en-US')} entries behind`}`,
    ...(setAside > 0 ? [`${setAside} quarantined`] : []),
    ...(building === null ? [] : ['being rebuilt']),
    ...(comparable ? [] : ['cannot be compared']),
  ].join(', ');
}

function sentences({
  projection,
  events,
  durationMs,
  eventsPerSecond,
  setAside,
  differences,
  resumed,
}: Awaited<ReturnType<typeof rebuildProjection>>): string {
  if (resumed)
    return `${projection} cannot be rebuilt; it was ahead of the log and now continues after the last event that it had applied.`;
  const pace = `${events.toLocaleString('en-US')} events in ${(durationMs / 1_000).toFixed(1)} s, ${eventsPerSecond.toLocaleString('en-US')} a second`;
  const aside = setAside > 0 ? [`${setAside} events could not be applied; see the log of this command for the reasons.`] : [];
  if (differences === null) return [`${projection} was rebuilt from the log and is in use (${pace}).`, ...aside].join('\n');
  if (differences.length === 0) return [`${projection} matches the log (${pace}).`, ...aside].join('\n');
  return [
    `${projection} does NOT match the log (${pace}):`,
    ...differences.map(({ table, rows, first }) => `  ${table}: ${rows} rows differ, such as ${first}`),
    ...aside,
    `Rebuild it: coffer rebuild ${projection}`,
  ].join('\n');
}
