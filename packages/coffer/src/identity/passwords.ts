/** Password hashes: argon2id as PHC strings, with bounded concurrency, and equal work whether or not there is a hash. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { assert } from '../kernel/index.ts';
import { IdentityOverloaded } from './outages.ts';

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. About 25 ms of one core. */
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
const saltBytes = 16;

/** Each hash takes 19 MiB and one of the four threads that also serve file and DNS look-ups: never use all of them. */
const hashesAtOnce = 2;
/** With more waiting, a caller would wait longer than a second or two. */
const hashesWaitingMax = 64;

const derive = promisify(argon2);
const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** A PHC string for a new password. Throws IdentityOverloaded. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await inTurn(() => derive('argon2id', { message: normalized(password), nonce: salt, ...cost }));
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(hash)}`;
}

/**
 * Returns false after the same work if there is no hash, so that timing does not reveal which accounts exist. Throws
 * IdentityOverloaded.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const parts = phc.exec(stored ?? placeholderHash);
  assert(parts, 'a stored password hash is an argon2id PHC string');
  const [, memory, passes, parallelism, salt = '', hash = ''] = parts;
  const expected = Buffer.from(hash, 'base64');
  const parameters = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  };
  const matches = async (message: string) => {
    const derived = await inTurn(() => derive('argon2id', { message, nonce: Buffer.from(salt, 'base64'), ...parameters }));
    return timingSafeEqual(derived, expected);
  };
  const canonical = normalized(password);
  if (await matches(canonical)) return true;
  // Hashes of earlier versions are of the text as it was typed. The extra work depends on the given text only.
  return canonical !== password && (await matches(password));
}

/** One form for all spellings of the same characters: keyboards differ in how they compose them (NFKC, as NIST SP 800-63B asks). */
export function normalized(password: string): string {
  return password.normalize('NFKC');
}

/** Random bytes in place of a hash, at the same cost: no password matches them. */
const placeholderHash = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(randomBytes(saltBytes))}$${base64(randomBytes(cost.tagLength))}`;

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

// One count per process, because its memory and threads are the limit.
let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= hashesAtOnce) {
    if (waiting.length >= hashesWaitingMax) throw new IdentityOverloaded();
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
