// All callers: two users with wallets, an operator, an admin, and services with any scopes; each with credentials.
import { roles, scopes } from '../../packages/coffer/src/identity/index.ts';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import type { Rule } from '../../packages/coffer/src/operations/index.ts';
import type { ApiKeys, Role, Scope, Sessions, StaffRole, User, Users } from '../../packages/coffer/src/identity/index.ts';

export const callers = [
  'nobody',
  'user',
  'service without the scope',
  'service with the scope',
  'support',
  'treasury',
  'risk',
  'operator',
  'admin',
] as const;

/** The duties of each role, as the guide states them. */
const duties: Readonly<Record<StaffRole, string>> = {
  support: 'self read',
  treasury: 'self read post money',
  risk: 'self read post risk',
  operator: 'self read post money risk system',
  admin: 'self read post money risk system admin',
};
export type Caller = (typeof callers)[number];

export const password = 'correct horse battery staple';

type Identity = { readonly users: Users; readonly sessions: Sessions; readonly apiKeys: ApiKeys };

export type Person = { readonly user: User; readonly authorization: string };

export async function person({ users, sessions }: Identity, name: string, role: Role): Promise<Person> {
  const email = `${name}@example.com`;
  const user = await users.signUp({ email, name, password });
  assert('id' in user, 'the user is new');
  await users.setRole(user.id, role, 'cli');
  const session = await sessions.login({ email, password });
  assert('token' in session, 'the password is right');
  return { user, authorization: `Bearer ${session.token}` };
}

export async function service({ apiKeys }: Pick<Identity, 'apiKeys'>, allowed: readonly Scope[]): Promise<string> {
  const made = await apiKeys.create({ name: 'a service', scopes: allowed, createdBy: 'cli' });
  assert('secret' in made, 'the key is made');
  return `Bearer ${made.secret}`;
}

export type People = Readonly<Record<Role, Person>>;

/** One of each role. */
export async function peopleOf(identity: Identity): Promise<People> {
  const all = await Promise.all(roles.map(async (role) => [role, await person(identity, role, role)] as const));
  return Object.fromEntries(all) as Record<Role, Person>;
}

/** A service with every scope but this one, and a service with only this one. */
export async function authorizationOf(
  caller: Caller,
  rule: Rule,
  people: People,
  identity: Identity,
  beside: readonly Scope[] = [],
): Promise<string | undefined> {
  switch (caller) {
    case 'nobody':
      return undefined;
    case 'service without the scope':
      return await service(
        identity,
        scopes.filter((scope) => scope !== rule.service),
      );
    case 'service with the scope':
      return await service(identity, rule.service === 'never' ? scopes : [rule.service, ...beside]);
    default:
      return people[caller].authorization;
  }
}

export type Outcome = 'passes' | 'who are you' | 'forbidden' | 'as if it were not there';

/** The meaning of a policy row, evaluated independently of the product and in a simpler way. */
export function declared(rule: Rule, caller: Caller, target: 'own' | 'foreign'): Outcome {
  if (rule.kind === 'public') return 'passes';
  switch (caller) {
    case 'nobody':
      return 'who are you';
    case 'user':
      if (rule.user === 'never') return 'forbidden';
      return rule.user === 'any' || target === 'own' ? 'passes' : 'as if it were not there';
    case 'service without the scope':
      return 'forbidden';
    case 'service with the scope':
      return rule.service === 'never' ? 'forbidden' : 'passes';
    default:
      if (duties[caller].split(' ').includes(rule.staff)) return 'passes';
      // Staff without the duty are like users, and neither target is theirs.
      return declared(rule, 'user', 'foreign');
  }
}
