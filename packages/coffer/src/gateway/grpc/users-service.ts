/** user.UserService: creates and finds users. */
import { isUuid } from '../../kernel/index.ts';
import type { Refused, User, Users } from '../../identity/index.ts';
import { userService } from './generated/user.ts';
import type { UserResponse } from './generated/user.ts';
import { startServer } from './server.ts';
import type { RunningService, ServiceOptions } from './server.ts';
import { failureOf, identityFailure } from './statuses.ts';
import { serve } from './unary.ts';
import type { Answer } from './unary.ts';

const described = { services: { 'user.UserService': 'user.proto' }, what: 'the users service', setting: 'USER_SERVICE_URL' } as const;

/** Needs the users but not the ledger; the users' `wallets` port must lead to a wallets service. */
export async function startUsersService(
  options: ServiceOptions & { readonly users: Pick<Users, 'create' | 'get'> },
): Promise<RunningService> {
  const { users } = options;
  return await startServer(options, described, (server) => {
    serve(server, 'createUser', userService.createUser, async ({ email, name }) => answerOf(await users.create({ email, name })), options);
    serve(
      server,
      'getUser',
      userService.getUserById,
      async ({ id }, { onlyOwner }) => {
        if (!isUuid(id.toLowerCase())) return { failure: failureOf('user_id_invalid') };
        const user = await users.get(id);
        // For a user, other users do not exist.
        const hidden = onlyOwner !== undefined && !('refusal' in user) && user.id !== onlyOwner;
        return hidden ? { failure: identityFailure({ code: 'user_not_found', facts: {} }) } : answerOf(user);
      },
      options,
    );
  });
}

function answerOf(user: User | Refused): Answer<UserResponse> {
  if ('refusal' in user) return { failure: identityFailure(user.refusal) };
  return { message: { id: user.id, email: user.email ?? '', name: user.name, createdAt: user.createdAt.toISOString() } };
}
