/** Who asks: the user that a Bearer token stands for. */
import type { User } from '../../identity/index.ts';
import type { Product, Reply, Request } from './app.ts';
import { ProblemError, unauthenticated } from './problem.ts';

const tokenLengthMax = 4096;

/**
 * For routes that ask for no credentials in open mode: without a token anybody may pass, with one it must be valid.
 * Most requests here have no token and go on at once; the framework waits for the promise of the others.
 */
export function optionalLogin(product: Product) {
  return (request: Request, _reply: Reply, done: () => void): void | Promise<User> => {
    if (request.headers.authorization !== undefined) return userOf(product, request);
    done();
  };
}

/** The hook of a route and its handler ask for the same user: one look-up serves both. */
const known = new WeakMap<Request, Promise<User>>();

/** For routes that are the caller's own: nobody passes without a login, whatever else the request says. */
export function requiredLogin(product: Product) {
  return async (request: Request): Promise<void> => {
    await userOf(product, request);
  };
}

/** The user who is logged in; throws the 401 when nobody is. */
export async function userOf(product: Product, request: Request): Promise<User> {
  const before = known.get(request);
  if (before) return await before;
  const found = findUser(product, request);
  known.set(request, found);
  return await found;
}

async function findUser({ sessions }: Product, request: Request): Promise<User> {
  const header = request.headers.authorization;
  if (header === undefined)
    throw new ProblemError(unauthenticated('Log in first (POST /users/login) and send the token: Authorization: Bearer <token>.'));
  const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header)?.[1];
  const user = token === undefined || token.length > tokenLengthMax ? null : await sessions.authenticate(token);
  if (!user || 'refusal' in user)
    throw new ProblemError(
      unauthenticated('The token is not valid, or not any more. Log in again and send the new one: Authorization: Bearer <token>.'),
    );
  return user;
}
