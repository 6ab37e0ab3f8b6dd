import { Argument, Command } from 'commander';
import { withUsers } from '../../compose/commands.ts';
import { roles } from '../../identity/index.ts';
import type { Role } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { answer, runWith } from '../run.ts';

export function usersCommand(): Command {
  return new Command('users').summary("see to users' roles").description("Users' roles.").addCommand(roleCommand());
}

function roleCommand(): Command {
  return new Command('role')
    .summary('give a user a role')
    .description(
      'A user reaches the own wallets; an operator sees to all wallets; an admin also to roles and API keys. Felt within a second, also by a running Coffer.',
    )
    .argument('<user>', 'e-mail address or id')
    .addArgument(new Argument('<role>', 'which role').choices(roles))
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExamples:\n  coffer users role jane@example.com admin\n  coffer users role jane@example.com user')
    .action(async (user: string, role: Role, options: { json?: boolean }) => {
      await runWith(options, withUsers, async (users) => {
        const changed = await users.setRole(user, role);
        if ('refusal' in changed)
          throw new OperatorError(`There is no user "${user}".`, 'Give the e-mail address or the id of a user who has signed up.');
        const { id, email, name } = changed;
        answer(options, `${email ?? name} (${id}) is ${role === 'user' ? 'a user' : `an ${role}`} now.`, { id, email, name, role });
      });
    });
}
