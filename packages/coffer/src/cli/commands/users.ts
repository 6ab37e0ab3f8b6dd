import { Argument, Command } from 'commander';
import { withUsers } from '../../compose/users.ts';
import type { UserParts } from '../../compose/users.ts';
import { roles } from '../../identity/index.ts';
import type { Refused, Role, User } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { confirm } from '../confirm.ts';
import { answer, runWith } from '../run.ts';
import { deleteCommand, inviteCommand, linkCommand, passwordCommand } from './user-accounts.ts';
import { accepted, described, named, presented, withArticle } from './user-views.ts';
import { eraseCommand } from './users-erase.ts';

type Json = { readonly json?: boolean };

export function usersCommand(): Command {
  return new Command('users')
    .summary('show users; manage their roles, links, passwords, second factors and accounts')
    .description(
      "Shows users; manages users' roles, links, passwords, sessions, second factors and accounts. A running Coffer applies changes within a second.",
    )
    .addCommand(showCommand('show', '<user>', 'id or e-mail address'))
    .addCommand(showCommand('find', '<email>', 'e-mail address'))
    .addCommand(inviteCommand())
    .addCommand(linkCommand())
    .addCommand(passwordCommand())
    .addCommand(roleCommand())
    .addCommand(decisionCommand('suspend'))
    .addCommand(decisionCommand('reinstate'))
    .addCommand(decisionCommand('end-sessions'))
    .addCommand(decisionCommand('reset-factors'))
    .addCommand(deleteCommand())
    .addCommand(eraseCommand());
}

function showCommand(name: 'show' | 'find', argument: string, meaning: string): Command {
  return new Command(name)
    .summary(name === 'show' ? 'show a user: id, role, age and number of wallets' : 'find a user by e-mail address')
    .argument(argument, meaning)
    .option('--json', 'print JSON')
    .action(async (user: string, options: Json) => {
      await runWith(options, withUsers, async ({ users, walletsOf }) => {
        const found = accepted(await users.find(user), user);
        const wallets = await walletsOf(found.id);
        answer(options, described(found, wallets), { ...presented(found), createdAt: found.createdAt, wallets });
      });
    });
}

function roleCommand(): Command {
  return new Command('role')
    .summary("set a user's role; asks for confirmation")
    .description(
      'A user can access their own wallets. The other roles are staff: support reads, treasury moves money, risk holds, freezes and limits, an operator does all three, an admin also manages roles and API keys. Roles are set by id. Where e-mail addresses have to be proved, only a user who has proved one becomes staff. A running Coffer applies the change within a second.',
    )
    .argument('<id>', 'id of the user, as coffer users show prints it')
    .addArgument(new Argument('<role>', 'which role').choices(roles))
    .option('-y, --yes', 'skip the confirmation')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer users role 0199b2c4-5a7e-7c11-8f00-3d5e2a1b9c70 admin')
    .action(async (id: string, role: Role, options: Json & { yes?: boolean }) => {
      await runWith(options, withUsers, async (parts) => {
        const found = accepted(await parts.users.get(id), id);
        if (!options.yes) await confirmRole(parts, found, role);
        const changed = accepted(await parts.users.setRole(id, role, 'cli'), id);
        answer(options, `${named(changed)} is now ${withArticle(role)}.`, presented(changed));
      });
    });
}

async function confirmRole({ walletsOf }: UserParts, user: User, role: Role): Promise<void> {
  const sentence = `${described(user, await walletsOf(user.id))}\nThis would make them ${withArticle(role)}.`;
  if (!process.stdin.isTTY) throw new OperatorError(sentence, 'Add --yes to do it.');
  if (!(await confirm(`${sentence} Continue?`))) throw new OperatorError('Nothing was changed.', 'Answer yes, or add --yes.');
}

type UserDecision = {
  readonly summary: string;
  /** Follows the user's name. */
  readonly done: string;
  readonly decide: (users: UserParts['users'], id: string, by: Parameters<UserParts['users']['suspend']>[1]) => Promise<User | Refused>;
};

const decisions = {
  suspend: {
    summary: 'suspend a user: no login, and every token stops working within a second',
    done: 'is suspended',
    decide: (users, id, by) => users.suspend(id, by),
  },
  reinstate: {
    summary: 'end the suspension of a user',
    done: 'can log in again',
    decide: (users, id, by) => users.reinstate(id, by),
  },
  'end-sessions': {
    summary: 'end every session of a user, also the tokens of another issuer',
    done: 'has to log in again',
    decide: (users, id, by) => users.endSessions(id, by),
  },
  'reset-factors': {
    summary: 'remove every second factor and recovery code of a user who has lost them, and end the sessions',
    done: 'has no second factor any more, and has to log in again',
    decide: (users, id, by) => users.resetFactors(id, by),
  },
} as const satisfies Record<string, UserDecision>;

function decisionCommand(name: keyof typeof decisions): Command {
  const { summary, done, decide }: UserDecision = decisions[name];
  return new Command(name)
    .summary(summary)
    .argument('<id>', 'id of the user')
    .requiredOption('--reason <text>', 'why; stored with the change')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & { reason: string }) => {
      await runWith(options, withUsers, async ({ users }) => {
        const by = { actor: 'cli', byUser: null, aboutStaff: true, reason: options.reason };
        const changed = accepted(await decide(users, id, by), id);
        answer(options, `${named(changed)} ${done}.`, presented(changed));
      });
    });
}
