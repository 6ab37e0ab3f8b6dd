import { Argument, Command } from 'commander';
import { withUsers } from '../../compose/commands.ts';
import type { UserParts } from '../../compose/commands.ts';
import { roles } from '../../identity/index.ts';
import type { Refused, Role, User } from '../../identity/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { confirm } from '../confirm.ts';
import { answer, runWith } from '../run.ts';

const dayMs = 86_400_000;

type Json = { readonly json?: boolean };

export function usersCommand(): Command {
  return new Command('users')
    .summary("show users, manage users' roles and second factors, and suspend users")
    .description(
      "Shows users, manages users' roles, sessions and second factors, and suspends users. A running Coffer applies changes within a second.",
    )
    .addCommand(showCommand())
    .addCommand(roleCommand())
    .addCommand(decisionCommand('suspend'))
    .addCommand(decisionCommand('reinstate'))
    .addCommand(decisionCommand('end-sessions'))
    .addCommand(decisionCommand('reset-factors'));
}

function showCommand(): Command {
  return new Command('show')
    .summary('show a user: id, role, age and number of wallets')
    .argument('<user>', 'id or e-mail address')
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
      'A user can access their own wallets; an operator manages all wallets; an admin also manages roles and API keys. Roles are set by id, because nobody has proved an e-mail address. A running Coffer applies the change within a second.',
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

function accepted(outcome: User | Refused, given: string): User {
  if (!('refusal' in outcome)) return outcome;
  if (outcome.refusal.code === 'last_admin')
    throw new OperatorError(`User ${given} is the last admin who can log in.`, 'Make another user an admin first.');
  throw new OperatorError(`There is no user "${given}".`, 'Give an id. To find one by e-mail address: coffer users show <address>.');
}

/** What an operator should know before giving somebody rights. */
function described(user: User, wallets: number): string {
  const ageDays = Math.floor((Date.now() - user.createdAt.getTime()) / dayMs);
  const age = ageDays === 0 ? 'created today' : `created ${ageDays} ${ageDays === 1 ? 'day' : 'days'} ago`;
  const address = user.email === null ? 'no e-mail address' : `${user.email} (address not verified)`;
  const owned = `${wallets} ${wallets === 1 ? 'wallet' : 'wallets'}`;
  return `${user.name}, ${address}\nid ${user.id}, ${age}, ${owned}, now ${withArticle(user.role)}${user.suspendedAt ? ', suspended' : ''}.`;
}

function named({ id, email, name }: User): string {
  return `${email ?? name} (${id})`;
}

function presented({ id, email, name, role, suspendedAt }: User): object {
  return { id, email, name, role, suspendedAt };
}

function withArticle(role: Role): string {
  return role === 'user' ? 'a user' : `an ${role}`;
}
