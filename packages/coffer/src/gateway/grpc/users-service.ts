/** user.UserService: creates, finds and deletes users. */
import { Metadata } from '@grpc/grpc-js';
import { actorOf } from '../../identity/index.ts';
import type { Proofs, Refused, User, Users } from '../../identity/index.ts';
import { isUuid } from '../../kernel/index.ts';
import { reasonLengthMax } from '../../operations/index.ts';
import { userService } from './generated/user.ts';
import type {
  CreatePasswordLinkResponse,
  CreateUserRequest,
  DeleteUserRequest,
  DeleteUserResponse,
  GetUserByIdRequest,
  UserResponse,
} from './generated/user.ts';
import { keyIn } from './keys.ts';
import { startServer } from './server.ts';
import type { RunningService, ServiceOptions } from './server.ts';
import { failureOf, identityFailure } from './statuses.ts';
import { sweepSentence, sweepTargetOf } from './sweep-target.ts';
import { serve } from './unary.ts';
import type { Answer, Call } from './unary.ts';
import type { WalletCloser } from './wallet-client.ts';

const described = { services: { 'user.UserService': 'user.proto' }, what: 'the users service', setting: 'USER_SERVICE_URL' } as const;

export type UsersServiceOptions = ServiceOptions & {
  readonly users: Pick<Users, 'create' | 'createOnce' | 'get' | 'findByEmail' | 'deleteByStaff'>;
  readonly proofs: Pick<Proofs, 'link'>;
  readonly wallets: WalletCloser;
};

/** Needs the users but not the ledger; the users' `wallets` port must lead to a wallets service. */
export async function startUsersService(options: UsersServiceOptions): Promise<RunningService> {
  const calls = new UserCalls(options);
  return await startServer(options, described, (server) => {
    serve(server, 'createUser', userService.createUser, (request, call) => calls.create(request, call), options);
    serve(server, 'getUser', userService.getUserById, (request, call) => calls.get(request, call), options);
    serve(server, 'findUser', userService.getUserByEmail, async ({ email }) => answerOf(await options.users.findByEmail(email)), options);
    serve(server, 'deleteUser', userService.deleteUser, (request, call) => calls.delete(request, call), options);
    serve(server, 'createPasswordLink', userService.createPasswordLink, (request, call) => calls.passwordLink(request, call), options);
  });
}

class UserCalls {
  readonly #users: UsersServiceOptions['users'];
  readonly #proofs: UsersServiceOptions['proofs'];
  readonly #wallets: WalletCloser;
  readonly #forget: () => void;

  constructor({ users, proofs, wallets, access }: UsersServiceOptions) {
    this.#users = users;
    this.#proofs = proofs;
    this.#wallets = wallets;
    this.#forget = () => access.forget();
  }

  async create({ email, name }: CreateUserRequest, { metadata, principal }: Call): Promise<Answer<UserResponse>> {
    const key = keyIn(metadata);
    if (key === null) return { failure: failureOf('idempotency_key_invalid') };
    if (key === undefined) return answerOf(await this.#users.create({ email, name }));
    const made = await this.#users.createOnce({ email, name }, { actor: actorOf(principal), key });
    if (made === 'key_reused') return { failure: failureOf('idempotency_key_reused') };
    const trailer = new Metadata();
    trailer.set('idempotency-key', key);
    trailer.set('idempotency-replayed', String('user' in made && made.isReplay));
    return { ...answerOf('user' in made ? made.user : made), trailer };
  }

  async get({ id }: GetUserByIdRequest, { onlyOwner }: Call): Promise<Answer<UserResponse>> {
    if (!isUuid(id.toLowerCase())) return { failure: failureOf('user_id_invalid') };
    const user = await this.#users.get(id);
    // For a user, other users do not exist.
    const hidden = onlyOwner !== undefined && !('refusal' in user) && user.id !== onlyOwner;
    return hidden ? { failure: identityFailure({ code: 'user_not_found', facts: {} }) } : answerOf(user);
  }

  /** The wallets are closed in the name of the caller, who needs the right to do that, too. */
  async delete({ id, reason, sweepTo }: DeleteUserRequest, call: Call): Promise<Answer<DeleteUserResponse>> {
    const { metadata, principal, deadline } = call;
    if (!isUuid(id.toLowerCase())) return { failure: failureOf('user_id_invalid') };
    if (reason.trim() === '' || reason.length > reasonLengthMax)
      return { failure: failureOf('request_invalid', { said: `A reason has 1 to ${reasonLengthMax} characters.` }) };
    if (sweepTargetOf(sweepTo) === null) return { failure: failureOf('request_invalid', { said: sweepSentence }) };
    const [given] = metadata.get('authorization');
    const authorization = given === undefined ? null : String(given);
    const decision = {
      actor: actorOf(principal),
      byUser: 'userId' in principal ? principal.userId : null,
      aboutStaff: principal.kind === 'admin',
      reason,
    };
    const deleted = await this.#users.deleteByStaff(
      id,
      decision,
      async (userId) => await this.#wallets.closeWallets({ userId, sweepTo }, { authorization, deadline }),
    );
    this.#forget();
    if ('obstacle' in deleted) return { failure: deleted.obstacle };
    if ('refusal' in deleted) return { failure: identityFailure(deleted.refusal) };
    return { message: { id: id.toLowerCase(), deletedAt: deleted.deletedAt.toISOString() } };
  }

  async passwordLink({ id }: GetUserByIdRequest, { principal }: Call): Promise<Answer<CreatePasswordLinkResponse>> {
    if (!isUuid(id.toLowerCase())) return { failure: failureOf('user_id_invalid') };
    const made = await this.#proofs.link(id, 'reset', { actor: actorOf(principal), onlyFirstPassword: true });
    if ('refusal' in made) return { failure: identityFailure(made.refusal) };
    return { message: { token: made.token, link: made.link ?? '', expiresAt: made.expiresAt.toISOString() } };
  }
}

function answerOf(user: User | Refused): Answer<UserResponse> {
  if ('refusal' in user) return { failure: identityFailure(user.refusal) };
  return { message: { id: user.id, email: user.email ?? '', name: user.name, createdAt: user.createdAt.toISOString() } };
}
