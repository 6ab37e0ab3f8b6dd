import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { withInsights } from '../../compose/commands.ts';
import { dryRun } from '../../insights/index.ts';
import type { DryRun, FollowedFinding, FraudRefusal, Insights, KeptFinding, RuleVersion } from '../../insights/index.ts';
import { isTerminal, OperatorError, parseMoment, readStrictJson } from '../../kernel/index.ts';
import { answer, runWith } from '../run.ts';
import { listenForInterrupt } from '../shutdown.ts';
import { inLine } from '../terminal.ts';

type Json = { readonly json?: boolean };
type Reason = { readonly reason: string };

/** A complete rule has about 300 bytes. */
const ruleBytesMax = 65_536;
const listedMax = 20;
const lookAtHelp = 'See "coffer fraud add --help" for the format.';

export function fraudCommand(): Command {
  return new Command('fraud')
    .summary('manage fraud rules, and list what they found')
    .description(
      'Each change of a rule creates a new version, which applies to events recorded from then on. You can change rules while Coffer is running.',
    )
    .addCommand(rulesCommand())
    .addCommand(showCommand())
    .addCommand(addCommand())
    .addCommand(enableCommand(true))
    .addCommand(enableCommand(false))
    .addCommand(dryRunCommand())
    .addCommand(findingsCommand());
}

function rulesCommand(): Command {
  return new Command('rules')
    .summary('list the rules')
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      await runWith(options, withInsights, async ({ rules }) => {
        const items = await rules.list();
        answer(options, items.map(lineOf).join('\n'), { items });
      });
    });
}

function showCommand(): Command {
  return new Command('show')
    .summary('show a rule with its history')
    .argument('<rule>', 'id of the rule')
    .option('--json', 'print JSON')
    .action(async (rule: string, options: Json) => {
      await runWith(options, withInsights, async ({ rules }) => {
        const versions = await versionsOf(rules, rule);
        const lines = versions.map(
          (version) => `${lineOf(version)}\n  since ${version.since.toISOString()} by ${version.actor}: ${inLine(version.reason)}`,
        );
        answer(options, lines.join('\n'), { items: versions });
      });
    });
}

function addCommand(): Command {
  return new Command('add')
    .summary('add or change a rule from a file')
    .description(
      'A rule that exists gets a new version, and stays enabled or disabled unless the file says otherwise. A new rule is enabled.',
    )
    .argument('<file>', 'a JSON object with id, name, kind, definition, action and, optionally, enabled')
    .requiredOption('--reason <text>', 'why; stored in the history of the rule')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nExample file:\n  {"id": "large-spending", "name": "A large spending", "kind": "amount", "action": "flag",\n   "definition": {"threshold": "50000", "movements": ["spend"], "assets": "all"}}`,
    )
    .action(async (file: string, options: Json & Reason) => {
      await runWith(options, withInsights, async ({ rules }) => {
        const { id, ...rule } = readRule(file);
        const known = (await rules.history(id))[0] !== undefined;
        const decided = { actor: 'cli', reason: options.reason };
        const whole = {
          name: rule['name'],
          kind: rule['kind'],
          definition: rule['definition'],
          action: rule['action'],
          ...('enabled' in rule && { enabled: rule['enabled'] }),
        };
        const version = accepted(
          known ? await rules.change(id, whole, decided) : await rules.add(id, { enabled: true, ...whole }, decided),
        );
        answer(options, lineOf(version), version);
      });
    });
}

function enableCommand(enabled: boolean): Command {
  const [name, what] = enabled ? ['enable', 'enable a rule for events from now on'] : ['disable', 'disable a rule'];
  return new Command(name)
    .summary(what)
    .argument('<rule>', 'id of the rule')
    .requiredOption('--reason <text>', 'why; stored in the history of the rule')
    .option('--json', 'print JSON')
    .action(async (rule: string, options: Json & Reason) => {
      await runWith(options, withInsights, async ({ rules }) => {
        const version = accepted(await rules.change(rule, { enabled }, { actor: 'cli', reason: options.reason }));
        answer(options, lineOf(version), version);
      });
    });
}

function dryRunCommand(): Command {
  return new Command('dry-run')
    .summary('test a rule on past events; writes nothing')
    .requiredOption('--rule <file or id>', 'a file as for "coffer fraud add", or the id of an existing rule')
    .option('--since <timestamp>', 'events from this time on, such as 2026-01-31T12:00:00Z', parseTime)
    .option('--until <timestamp>', 'events up to this time', parseTime)
    .option('--json', 'print JSON')
    .description(
      'Reads the log from its beginning, or from --since, and compares the findings of the tested rule with those of the current rule with the same id. Press Ctrl-C to stop early: the command prints the findings so far and how much of the log it read, and exits with code 130.',
    )
    .action(async (options: Json & { rule: string; since?: Date; until?: Date }) => {
      const isOver = listenForInterrupt();
      await runWith(options, withInsights, async ({ rules, ledger }) => {
        const isId = /^[a-z0-9-]+$/.test(options.rule);
        const present = (await rules.history(isId ? options.rule : readRule(options.rule).id))[0] ?? null;
        if (isId && !present) return void accepted({ refusal: 'rule_not_found', detail: '' });
        const rule = isId && present ? { ...present, id: present.rule } : readRule(options.rule);
        const { since, until } = options;
        const tried = { id: rule.id, kind: rule['kind'], definition: rule['definition'] };
        const onProgress = progress(options);
        const found = accepted(await dryRun(ledger, { rule: tried, present, since, until, listedMax, onProgress, isOver }));
        answer(options, dryRunLines(found, present), found);
        if (isOver()) process.exitCode = 130;
      });
    });
}

function findingsCommand(): Command {
  return new Command('findings')
    .summary('list the findings, newest first')
    .option('--rule <rule>', 'only findings of this rule')
    .option('--wallet <wallet>', 'only findings about this wallet')
    .option('--limit <count>', 'maximum number of findings: 1 to 500', parseLimit, 50)
    .option('--json', 'print JSON')
    .action(async (options: Json & { rule?: string; wallet?: string; limit: number }) => {
      await runWith(options, withInsights, async ({ findings }) => {
        const { rule, wallet, limit } = options;
        const { items } = await findings.list({ rule, wallet, limit });
        answer(options, items.length === 0 ? 'Nothing was found.' : items.map(findingLine).join('\n'), { items });
      });
    });
}

function readRule(file: string): Record<string, unknown> & { readonly id: string } {
  const rule = parseFile(file);
  const id = typeof rule === 'object' && rule !== null && 'id' in rule ? rule.id : undefined;
  if (typeof id !== 'string') throw new OperatorError(`The rule in ${file} has no "id".`, lookAtHelp);
  const known = ['id', 'name', 'kind', 'definition', 'action', 'enabled'];
  const stranger = Object.keys(rule as object).find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new OperatorError(`The rule in ${file} has an unknown field "${stranger}".`, `The fields are ${known.join(', ')}.`);
  return { ...(rule as object), id };
}

/** Parsed as strictly as by the API. */
function parseFile(file: string): unknown {
  const bytes = readBytes(file);
  if (bytes.length > ruleBytesMax) throw new OperatorError(`${file} is not a rule: it is larger than ${ruleBytesMax} bytes.`, lookAtHelp);
  const read = readStrictJson(bytes, 'file');
  if ('mistake' in read) throw new OperatorError(`${file} is not a readable JSON file. ${read.mistake}`, lookAtHelp);
  return read.value;
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new OperatorError(`${file} is not a readable JSON file.`, lookAtHelp);
  }
}

async function versionsOf(rules: Insights['rules'], rule: string): Promise<RuleVersion[]> {
  const versions = await rules.history(rule);
  return versions.length > 0 ? versions : accepted<RuleVersion[]>({ refusal: 'rule_not_found', detail: '' });
}

function accepted<T extends object>(outcome: T | FraudRefusal): T {
  if (!('refusal' in outcome)) return outcome;
  if (outcome.refusal === 'rule_not_found') throw new OperatorError('There is no such rule.', 'Take an id from "coffer fraud rules".');
  if (outcome.refusal === 'range_empty') throw new OperatorError('The time range is empty.', outcome.detail);
  throw new OperatorError('The rule was not accepted.', outcome.detail);
}

/** Only on a terminal: one line that is overwritten. */
function progress({ json }: Json): ((progress: { events: number; share: number }) => void) | undefined {
  if (json || !isTerminal(2)) return undefined;
  return ({ events, share }) =>
    process.stderr.write(`\r\x1b[K${Math.floor(share * 100)} %, ${numbered(events)} events${share >= 1 ? '\n' : ''}`);
}

function dryRunLines({ found, foundByPresent, foundByBoth, onlyNew, onlyPresent, ...run }: DryRun, present: RuleVersion | null): string {
  const list = (title: string, count: number, findings: readonly KeptFinding[]) =>
    count === 0
      ? []
      : [`${title} (${count}${count > findings.length ? `, the first ${findings.length}` : ''}):`, ...findings.map(findingLine)];
  return [
    lookedAt(run),
    present
      ? `The tested rule has ${found} findings, the current one${present.enabled ? '' : ' (disabled)'} ${foundByPresent}; they share ${foundByBoth}.`
      : `The tested rule has ${found} findings.`,
    ...list('Only the tested rule', found - foundByBoth, onlyNew),
    ...list('Only the current rule', foundByPresent - foundByBoth, onlyPresent),
  ].join('\n');
}

function lookedAt({ events, complete, readFrom, readUntil }: Pick<DryRun, 'events' | 'complete' | 'readFrom' | 'readUntil'>): string {
  const ended = complete ? '' : 'Ended early. ';
  if (!readFrom || !readUntil) return `${ended}${numbered(events)} events read.`;
  const rest = complete ? '' : '; later events were not read';
  return `${ended}${numbered(events)} events read, recorded from ${readFrom.toISOString()} to ${readUntil.toISOString()}${rest}.`;
}

function numbered(value: number): string {
  return value.toLocaleString('en-US');
}

function lineOf({ rule, version, name, kind, definition, action, enabled }: RuleVersion): string {
  const says = Object.entries(definition)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([part, value]) => `${part} ${Array.isArray(value) ? value.join('+') : value}`);
  return `${rule}  v${version}  ${enabled ? 'enabled' : 'disabled'}  ${action}  ${kind}: ${says.join(', ')}  ${inLine(name)}`;
}

function findingLine({
  recordedAt,
  rule,
  version,
  action,
  wallet,
  events,
  facts,
  followed,
}: KeptFinding & Partial<FollowedFinding>): string {
  const became = followed?.state
    ? [`${action} ${followed.state.replace('_', ' ')}${followed.note === null ? '' : ` (${inLine(followed.note)})`}`]
    : [action];
  const why = Object.entries(facts).map(([name, value]) => inLine(`${name} ${value}`));
  return [recordedAt.toISOString(), `${rule} v${version}`, wallet, ...became, why.join(', '), `events ${events.join(' ')}`].join('  ');
}

function parseTime(text: string): Date {
  const moment = parseMoment(text);
  if (!moment) throw new InvalidArgumentError('Give a timestamp with a time zone, such as 2026-01-31T12:00:00Z.');
  return moment;
}

function parseLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 500) throw new InvalidArgumentError('Give a whole number from 1 to 500.');
  return limit;
}
