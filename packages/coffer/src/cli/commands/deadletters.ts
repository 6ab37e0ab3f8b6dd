import { Command } from 'commander';
import { withDeadLetters } from '../../compose/commands.ts';
import type { DeadLetter } from '../../events/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { confirm } from '../confirm.ts';
import { answer, runWith } from '../run.ts';
import { inLine } from '../terminal.ts';

type Json = { readonly json?: boolean };
const listedMax = 1_000;

export function deadLettersCommand(): Command {
  return new Command('deadletters')
    .summary('list, show, replay and drop dead letters')
    .description(
      'A dead letter is an event that no consumer could handle after several tries; it stays here until you replay or drop it. Works with both brokers, while Coffer is running. With RabbitMQ, set RABBITMQ_URL to the same value as for the running Coffer.',
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(replayCommand())
    .addCommand(dropCommand());
}

function listCommand(): Command {
  return new Command('list')
    .summary('list the dead letters, oldest first')
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      await runWith(options, withDeadLetters, async (letters) => {
        const [items, count] = [await letters.list({ limit: listedMax }), await letters.count()];
        const more = count > items.length ? [`… and ${count - items.length} more`] : [];
        answer(options, count === 0 ? 'There are no dead letters.' : [...items.map(lineOf), ...more].join('\n'), { items, count });
      });
    });
}

function showCommand(): Command {
  return new Command('show')
    .summary('show a dead letter and the delivered message')
    .argument('<id>', 'id of the dead letter')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json) => {
      await runWith(options, withDeadLetters, async (letters) => {
        const letter = await letters.find(id);
        if (!letter) throw unknownLetter();
        answer(options, `${lineOf(letter)}\n${inLine(letter.body)}`, letter);
      });
    });
}

function replayCommand(): Command {
  return new Command('replay')
    .summary('deliver dead letters again, with a fresh delivery count')
    .argument('[ids...]', 'ids of the dead letters')
    .option('--all', 'all dead letters')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer deadletters replay 17\n  coffer deadletters replay --all')
    .action(async (ids: string[], options: Json & { all?: boolean }) => {
      const which = chosen(ids, options.all);
      await runWith(options, withDeadLetters, async (letters) => {
        const replayed = await letters.replay(which ?? unnamed());
        if (replayed === 0 && which !== 'all') throw unknownLetter();
        answer(options, `${replayed} replayed.`, { replayed });
      });
    });
}

function dropCommand(): Command {
  return new Command('drop')
    .summary('delete dead letters permanently; the events themselves stay in the log')
    .argument('[ids...]', 'ids of the dead letters')
    .option('--all', 'all dead letters; asks for confirmation')
    .option('--yes', 'skip the confirmation')
    .option('--json', 'print JSON')
    .action(async (ids: string[], options: Json & { all?: boolean; yes?: boolean }) => {
      const which = chosen(ids, options.all);
      await runWith(options, withDeadLetters, async (letters) => {
        if (which === 'all' && !options.yes) await confirmDrop(await letters.count());
        const dropped = await letters.drop(which ?? unnamed());
        if (dropped === 0 && which !== 'all') throw unknownLetter();
        answer(options, `${dropped} dropped.`, { dropped });
      });
    });
}

function chosen(ids: readonly string[], all: boolean | undefined): readonly string[] | 'all' | null {
  if (all) return ids.length === 0 ? 'all' : null;
  return ids.length === 0 ? null : ids;
}

function unnamed(): never {
  throw new OperatorError('No dead letters are named.', 'Give their ids, or --all.');
}

function unknownLetter(): OperatorError {
  return new OperatorError('There is no such dead letter.', 'Take an id from "coffer deadletters list".');
}

async function confirmDrop(count: number): Promise<void> {
  if (!process.stdin.isTTY) throw new OperatorError(`This would drop ${count} dead letters.`, 'Add --yes to do it.');
  if (!(await confirm(`Drop ${count} dead letters permanently?`)))
    throw new OperatorError('Nothing was dropped.', 'Answer yes, or add --yes.');
}

function lineOf({ id, eventId, eventType, wallet, reason, deliveries, diedAt }: DeadLetter): string {
  const what = eventId === null ? 'unreadable' : `${eventType} ${eventId}${wallet === null ? '' : ` of ${wallet}`}`;
  return inLine(`${id}  ${what}  ${reason ?? 'unknown reason'}, ${deliveries} deliveries  ${diedAt?.toISOString() ?? ''}`.trimEnd());
}
