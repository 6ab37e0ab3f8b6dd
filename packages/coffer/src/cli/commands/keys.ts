import { Command, InvalidArgumentError } from 'commander';
import { withKeys } from '../../compose/commands.ts';
import { isRange } from '../../gateway/network/index.ts';
import { isScope, scopeMeanings, scopes } from '../../identity/index.ts';
import type { ApiKey, NewApiKey, Refused, Scope } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { answer, runWith } from '../run.ts';
import { inLine } from '../terminal.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Json = { readonly json?: boolean };

export function keysCommand(): Command {
  return new Command('keys')
    .summary('manage API keys')
    .description(
      'Creates, lists, rotates and revokes the API keys with which services authenticate. A running Coffer applies changes within a second.',
    )
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
}

function createCommand(): Command {
  const width = Math.max(...scopes.map((scope) => scope.length));
  const meanings = scopes.map((scope) => `  ${scope.padEnd(width)}  ${scopeMeanings[scope]}`).join('\n');
  return new Command('create')
    .summary('create a key; its secret is shown once')
    .argument('<name>', 'what the key is for')
    .requiredOption('--scopes <list>', 'what the key may do, separated by commas', parseScopes)
    .option('--expires-in-days <days>', '1 to 3650; default COFFER_KEY_DAYS (365)', wholeFrom(1, 3_650))
    .option('--networks <list>', 'addresses and ranges that its requests may come from, separated by commas', parseRanges)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nScopes:\n${meanings}\n\nExamples:\n  coffer keys create billing --scopes wallets:read,money:deposit --expires-in-days 365`,
    )
    .action(async (name: string, options: Json & { scopes: Scope[]; expiresInDays?: number; networks?: string[] }) => {
      await runWith(options, withKeys, async (keys) => {
        const expiresAfterMs = options.expiresInDays === undefined ? undefined : options.expiresInDays * dayMs;
        const made = accepted(
          await keys.create({ name, scopes: options.scopes, createdBy: 'cli', expiresAfterMs, networks: options.networks }),
        );
        answer(options, `${shownOnce(made)}\nScopes: ${made.key.scopes.join(', ')}.`, made);
      });
    });
}

function listCommand(): Command {
  return new Command('list')
    .summary('list the keys, newest first, without their secrets')
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      await runWith(options, withKeys, async (keys) => {
        const items = await keys.list();
        answer(options, items.length === 0 ? 'There are no API keys.' : items.map(lineOf).join('\n'), { items });
      });
    });
}

function rotateCommand(): Command {
  return new Command('rotate')
    .summary('give a key a new secret; the previous one stays valid for a while')
    .argument('<id>', 'id of the key: the part between its two underscores')
    .option('--overlap-hours <hours>', 'how long the previous secret stays valid: 0 to 720', wholeFrom(0, 720), 24)
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & { overlapHours: number }) => {
      await runWith(options, withKeys, async (keys) => {
        const made = accepted(await keys.rotate(id, options.overlapHours * hourMs));
        answer(options, `${shownOnce(made)}\nThe previous secret stays valid until ${timeOf(made.key.previousExpiresAt)}.`, made);
      });
    });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .summary('revoke a key permanently, and every key that it created')
    .argument('<id>', 'id of the key: the part between its two underscores')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json) => {
      await runWith(options, withKeys, async (keys) => {
        const revoked = accepted(await keys.revoke(id));
        answer(options, `cof_${revoked.id} (${inLine(revoked.name)}) is revoked.`, revoked);
      });
    });
}

function accepted<T extends object>(outcome: T | Refused): T {
  if (!('refusal' in outcome)) return outcome;
  if (outcome.refusal.code === 'name_invalid')
    throw new OperatorError('The name is not valid.', 'Give 1 to 200 characters, not only spaces, without control characters.');
  throw new OperatorError('There is no such key, or it was revoked.', 'Take an id from "coffer keys list".');
}

function shownOnce({ key, secret }: NewApiKey): string {
  return `${secret}\nThis is the key for ${inLine(key.name)}. Store it now: it is not shown again.`;
}

function lineOf(key: ApiKey): string {
  const state = key.revokedAt ? `revoked ${timeOf(key.revokedAt)}` : key.expiresAt ? `expires ${timeOf(key.expiresAt)}` : 'never expires';
  return `cof_${key.id}  ${inLine(key.name)}  ${key.scopes.join(',')}  created ${timeOf(key.createdAt)}  ${state}  last used ${timeOf(key.lastUsedAt)}`;
}

function timeOf(time: Date | null): string {
  return time?.toISOString() ?? 'never';
}

function parseScopes(text: string): Scope[] {
  const wanted = text.split(',').map((word) => word.trim());
  const unknown = wanted.filter((word) => !isScope(word));
  if (unknown.length > 0) throw new InvalidArgumentError(`Unknown scope ${unknown.join(', ')}. The scopes are: ${scopes.join(', ')}.`);
  return wanted.filter(isScope);
}

function parseRanges(text: string): string[] {
  const ranges = text.split(',').map((word) => word.trim());
  const wrong = ranges.filter((range) => !isRange(range));
  if (wrong.length > 0) throw new InvalidArgumentError(`${wrong.join(', ')}: give addresses or ranges, such as 192.0.2.0/24.`);
  return ranges;
}

/** The same bounds as in the REST API. */
function wholeFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const given = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (given >= least && given <= most) return given;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}
