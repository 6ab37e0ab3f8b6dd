import { Command } from 'commander';
import { eraseUserData } from '../../compose/commands.ts';
import { OperatorError } from '../../kernel/index.ts';
import { confirm } from '../confirm.ts';
import { answer, runCommand } from '../run.ts';

export function eraseCommand(): Command {
  return new Command('erase')
    .summary('erase what is personal about a deleted user now; asks for confirmation')
    .description(
      'Erases name, e-mail address, logins, sessions, notifications and the audited requests of a deleted user, without waiting for COFFER_ERASE_DAYS. The row of the user stays with its number and dates, and so does the ledger. This cannot be undone.',
    )
    .argument('<id>', 'id of the user')
    .option('-y, --yes', 'skip the confirmation')
    .option('--json', 'print JSON')
    .action(async (id: string, options: { readonly json?: boolean; readonly yes?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        if (!options.yes) await confirmErasure(id);
        const erased = await eraseUserData(context, id);
        if ('refusal' in erased) throw refusalOf(erased.refusal, id);
        answer(options, `User ${id} is erased.`, { id, erasedAt: erased.erasedAt });
      });
    });
}

async function confirmErasure(id: string): Promise<void> {
  const sentence = `This would erase everything personal about user ${id}. It cannot be undone.`;
  if (!process.stdin.isTTY) throw new OperatorError(sentence, 'Add --yes to do it.');
  if (!(await confirm(`${sentence} Continue?`))) throw new OperatorError('Nothing was erased.', 'Answer yes, or add --yes.');
}

function refusalOf(refusal: 'user_not_found' | 'not_deleted', id: string): OperatorError {
  return refusal === 'not_deleted'
    ? new OperatorError(
        `User ${id} is not deleted.`,
        'Only deleted users are erased: the user deletes the account, which closes its wallets.',
      )
    : new OperatorError(`There is no user "${id}".`, 'Give the id of a deleted user.');
}
