import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { withInsights } from '../../compose/commands.ts';
import { parseJsonBody, ProblemError } from '../../gateway/http/index.ts';
import { dryRun } from '../../insights/index.ts';
import type { DryRun, FollowedFinding, FraudRefusal, Insights, KeptFinding, RuleVersion } from '../../insights/index.ts';
import { isTerminal, OperatorError, parseMoment } from '../../kernel/index.ts';
import { answer, runWith } from '../run.ts';
import { listenForInterrupt } from '../shutdown.ts';

type Json = { readonly json?: boolean };
type Reason = { readonly reason: string };

/** A whole rule is some 300 bytes. */
const ruleBytesMax = 65_536;
const listedMax = 20;
const lookAtHelp = 'See "coffer fraud add --help" for what it looks like.';

export function fraudCommand(): Command {
  return new Command('fraud')
    .summary('see to fraud rules and what they found')
    .description(
      'Fraud rules are data: each change is a new version, in force for what the log records from then on. A running Coffer need not be stopped.',
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
    .summary('list the rules that there are')
    .option('--json', 'answer as JSON')
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
    .argument('<rule>', 'its id')
    .option('--json', 'answer as JSON')
    .action(async (rule: string, options: Json) => {
      await runWith(options, withInsights, async ({ rules }) => {
        const versions = await versionsOf(rules, rule);
        const lines = versions.map(
          (version) => `${lineOf(version)}\n  since ${version.since.toISOString()} by ${version.actor}: ${version.reason}`,
        );
        answer(options, lines.join('\n'), { items: versions });
      });
    });
}

function addCommand(): Command {
  return new Command('add')
    .summary('add a rule, or change one, as a file says')
    .description(
      'A rule that there is gets a new version as the file says. Whether it is enabled stays as it is unless the file says "enabled": true or false; a new rule is enabled.',
    )
    .argument('<file>', 'JSON: {id, name, kind, definition, action, enabled}')
    .requiredOption('--reason <text>', 'why; kept in its history')
    .option('--json', 'answer as JSON')
    .addHelpText(
      'after',
      `\nA file:\n  {"id": "large-spending", "name": "A large spending", "kind": "amount", "action": "flag",\n   "definition": {"threshold": "50000", "movements": ["spend"], "assets": "all"}}`,
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
  const [name, what] = enabled
    ? ['enable', 'let a rule look at what happens from now on']
    : ['disable', 'let a rule look at nothing any more'];
  return new Command(name)
    .summary(what)
    .argument('<rule>', 'its id')
    .requiredOption('--reason <text>', 'why; kept in its history')
    .option('--json', 'answer as JSON')
    .action(async (rule: string, options: Json & Reason) => {
      await runWith(options, withInsights, async ({ rules }) => {
        const version = accepted(await rules.change(rule, { enabled }, { actor: 'cli', reason: options.reason }));
        answer(options, lineOf(version), version);
      });
    });
}

function dryRunCommand(): Command {
  return new Command('dry-run')
    .summary('try a rule on the past; nothing is written')
    .requiredOption('--rule <file or id>', 'a file as for "add", or the id of a rule')
    .option('--since <moment>', 'from what was recorded then, such as 2026-01-31T12:00:00Z', parseTime)
    .option('--until <moment>', 'to what was recorded then', parseTime)
    .option('--json', 'answer as JSON')
    .description(
      'Reads the log, without --since from its beginning, and tells what the rule would have found beside what the rule of the same id finds as it is now. Says how far it looked. Ctrl-C ends it early, with what was found until then and exit code 130.',
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
        answer(options, told(found, present), found);
        if (isOver()) process.exitCode = 130;
      });
    });
}

function findingsCommand(): Command {
  return new Command('findings')
    .summary('list what the rules found, newest first')
    .option('--rule <rule>', 'of this rule alone')
    .option('--wallet <wallet>', 'about this wallet alone')
    .option('--limit <count>', '1 to 500', parseLimit, 50)
    .option('--json', 'answer as JSON')
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
  if (typeof id !== 'string') throw new OperatorError(`The rule in ${file} has no id.`, lookAtHelp);
  const known = ['id', 'name', 'kind', 'definition', 'action', 'enabled'];
  const stranger = Object.keys(rule as object).find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new OperatorError(`The rule in ${file} has "${stranger}", which rules do not have.`, `They have ${known.join(', ')}.`);
  return { ...(rule as object), id };
}

/** As strictly as the API reads it. */
function parseFile(file: string): unknown {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > ruleBytesMax) throw new OperatorError(`${file} is no rule: it is larger than ${ruleBytesMax} bytes.`, lookAtHelp);
    return parseJsonBody(bytes);
  } catch (failure) {
    if (failure instanceof OperatorError) throw failure;
    const why = failure instanceof ProblemError ? ` ${failure.problem.detail}` : '';
    throw new OperatorError(`${file} is no file with JSON in it.${why}`, lookAtHelp);
  }
}

async function versionsOf(rules: Insights['rules'], rule: string): Promise<RuleVersion[]> {
  const versions = await rules.history(rule);
  return versions.length > 0 ? versions : accepted<RuleVersion[]>({ refusal: 'rule_not_found', detail: '' });
}

function accepted<T extends object>(outcome: T | FraudRefusal): T {
  if (!('refusal' in outcome)) return outcome;
  if (outcome.refusal === 'rule_not_found') throw new OperatorError('There is no such rule.', 'Take an id from "coffer fraud rules".');
  if (outcome.refusal === 'range_empty') throw new OperatorError('There is no time in that range.', outcome.detail);
  throw new OperatorError('The rule was not accepted.', outcome.detail);
}

/** On the terminal alone: one line that is written over. */
function progress({ json }: Json): ((progress: { events: number; share: number }) => void) | undefined {
  if (json || !isTerminal(2)) return undefined;
  return ({ events, share }) =>
    process.stderr.write(`\r\x1b[K${Math.floor(share * 100)} %, ${numbered(events)} events${share >= 1 ? '\n' : ''}`);
}

function told({ found, foundByPresent, foundByBoth, onlyNew, onlyPresent, ...run }: DryRun, present: RuleVersion | null): string {
  const list = (title: string, count: number, findings: readonly KeptFinding[]) =>
    count === 0
      ? []
      : [`${title} (${count}${count > findings.length ? `, the first ${findings.length}` : ''}):`, ...findings.map(findingLine)];
  return [
    lookedAt(run),
    present
      ? `As tried it finds ${found}, as it is${present.enabled ? '' : ' (disabled)'} ${foundByPresent}; ${foundByBoth} of them are the same.`
      : `As tried it finds ${found}.`,
    ...list('Only as tried', found - foundByBoth, onlyNew),
    ...list('Only as it is', foundByPresent - foundByBoth, onlyPresent),
  ].join('\n');
}

function lookedAt({ events, complete, readFrom, readUntil }: Pick<DryRun, 'events' | 'complete' | 'readFrom' | 'readUntil'>): string {
  const ended = complete ? '' : 'Ended early. ';
  if (!readFrom || !readUntil) return `${ended}${numbered(events)} events read.`;
  const rest = complete ? '' : '; what was recorded later was not looked at';
  return `${ended}${numbered(events)} events read, recorded from ${readFrom.toISOString()} to ${readUntil.toISOString()}${rest}.`;
}

function numbered(value: number): string {
  return value.toLocaleString('en-US');
}

function lineOf({ rule, version, name, kind, definition, action, enabled }: RuleVersion): string {
  const says = Object.entries(definition)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([part, value]) => `${part} ${Array.isArray(value) ? value.join('+') : value}`);
  return `${rule}  v${version}  ${enabled ? 'enabled' : 'disabled'}  ${action}  ${kind}: ${says.join(', ')}  ${name}`;
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
    ? [`${action} ${followed.state.replace('_', ' ')}${followed.note === null ? '' : ` (${followed.note})`}`]
    : [action];
  const why = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  return [recordedAt.toISOString(), `${rule} v${version}`, wallet, ...became, why.join(', '), `events ${events.join(' ')}`].join('  ');
}

function parseTime(text: string): Date {
  const moment = parseMoment(text);
  if (!moment) throw new InvalidArgumentError('Give a moment with its zone, such as 2026-01-31T12:00:00Z.');
  return moment;
}

function parseLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 500) throw new InvalidArgumentError('Give a number from 1 to 500.');
  return limit;
}
