import { Argument, Command } from 'commander';
import { withUsers } from '../../compose/commands.ts';
import { roles } from '../../identity/index.ts';
import type { Role } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { answer, runWith } from '../run.ts';

export function usersCommand(): Command {
  return new Command('users').summary("manage users' roles").description("Manages users' roles.").addCommand(roleCommand());
}

function roleCommand(): Command {
  return new Command('role')
    .summary("set a user's role")
    .description(
      'A user can access their own wallets; an operator manages all wallets; an admin also manages roles and API keys. A running Coffer applies the change within a second.',
    )
    .argument('<user>', 'e-mail address or id')
    .addArgument(new Argument('<role>', 'which role').choices(roles))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer users role jane@example.com admin\n  coffer users role jane@example.com user')
    .action(async (user: string, role: Role, options: { json?: boolean }) => {
      await runWith(options, withUsers, async (users) => {
        const changed = await users.setRole(user, role);
        if ('refusal' in changed)
          throw new OperatorError(`There is no user "${user}".`, 'Give the e-mail address or the id of a user who has signed up.');
        const { id, email, name } = changed;
        answer(options, `${email ?? name} (${id}) is now ${role === 'user' ? 'a user' : `an ${role}`}.`, { id, email, name, role });
      });
    });
}
