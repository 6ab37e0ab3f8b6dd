/** user.UserService: creates and finds users. */
import { isUuid } from '../../kernel/index.ts';
import type { Refused, User, Users } from '../../identity/index.ts';
import { userService } from './generated/user.ts';
import type { UserResponse } from './generated/user.ts';
import { startServer } from './server.ts';
import type { RunningService, ServiceOptions } from './server.ts';
import { identityFailure, requestFailure } from './statuses.ts';
import { serve } from './unary.ts';
import type { Answer } from './unary.ts';

const described = { name: 'user.UserService', contract: 'user.proto', what: 'the users service', setting: 'USER_SERVICE_URL' } as const;

/** Needs the users and nothing of the ledger; the users' `wallets` port must lead to a wallets service. */
export async function startUsersService(
  options: ServiceOptions & { readonly users: Pick<Users, 'create' | 'get'> },
): Promise<RunningService> {
  const { users } = options;
  return await startServer(options, described, (server) => {
    serve(server, userService.createUser, async ({ email, name }) => answerOf(await users.create({ email, name })), options);
    serve(
      server,
      userService.getUserById,
      async ({ id }) => (isUuid(id.toLowerCase()) ? answerOf(await users.get(id)) : { failure: requestFailure('user_id_invalid') }),
      options,
    );
  });
}

function answerOf(user: User | Refused): Answer<UserResponse> {
  if ('refusal' in user) return { failure: identityFailure(user.refusal) };
  return { message: { id: user.id, email: user.email ?? '', name: user.name, createdAt: user.createdAt.toISOString() } };
}
