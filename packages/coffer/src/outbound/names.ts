/** Resolves host names. */
import dns from 'node:dns/promises';

/** All addresses of a host name, at least one; throws when there are none, or when they cannot be resolved. */
export type Names = (host: string, deadline: AbortSignal) => Promise<readonly string[]>;

/**
 * Public names are resolved by the name servers directly, without the system's resolver: that one blocks a thread for as long as a foreign
 * name server takes, and there are four of them. Private names may be in a hosts file, or be short: only the system can resolve them.
 */
export function namesFor(allowPrivate: boolean): Names {
  return allowPrivate ? systemNames : publicNames;
}

const systemNames: Names = async (host, deadline) => {
  const found = await before(deadline, dns.lookup(host, { all: true, order: 'ipv4first' }));
  return found.map(({ address }) => address);
};

const publicNames: Names = async (host, deadline) => {
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
  const cancel = () => resolver.cancel();
  deadline.addEventListener('abort', cancel, { once: true });
  try {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length === 0 && v4.status === 'rejected') throw v4.reason;
    return found;
  } finally {
    deadline.removeEventListener('abort', cancel);
  }
};

async function before<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(deadline.reason as Error);
  if (deadline.aborted) giveUp();
  deadline.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, over]);
  } finally {
    deadline.removeEventListener('abort', giveUp);
    over.catch(() => undefined);
    work.catch(() => undefined);
  }
}
