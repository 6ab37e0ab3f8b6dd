import { Command } from 'commander';
import { booksOf } from '../../compose/commands.ts';
import type { OwnedBook } from '../../ledger/index.ts';
import { answer, runCommand } from '../run.ts';

export function booksCommand(): Command {
  return new Command('books')
    .summary('show the books, the process that owns each, and how often that changed')
    .description(
      'Each book of the ledger is owned by one process, which alone posts to it; the others hand their operations over. A process owns a book until it ends, or until another process asks for its share.',
    )
    .option('--json', 'print JSON')
    .action(async (options: { readonly json?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const books = await booksOf(context);
        answer(options, books.map(lineOf).join('\n'), books);
      });
    });
}

function lineOf({ book, lastSeq, term, owner, since, seenAt }: OwnedBook): string {
  const log = `book ${book}  seq ${lastSeq}`;
  if (owner === null || since === null) return `${log}  no owner`;
  return `${log}  owned by ${owner} since ${since.toISOString()} (owner ${term}, seen ${seenAt?.toISOString() ?? 'never'})`;
}
