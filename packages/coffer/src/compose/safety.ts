// Watches whether the database still keeps what it commits, and stops posting while it does not.
import { startLoop } from '../background/index.ts';
import { refuseUnsafeDatabase } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';

/** Settings can change at any time: by ALTER SYSTEM and a reload, by ALTER ROLE, by a failover to a standby. */
const checkMs = 2_000;

export type SafetyWatch = {
  /** Why committed transfers could be lost, with the remedy; null while they cannot. */
  readonly fault: string | null;
  stop(): Promise<void>;
};

/** The database was safe at the start. While it cannot be reached, the last finding stays. */
export function watchSafety({ url }: Pick<Database, 'url'>, log: Log, everyMs = checkMs): SafetyWatch {
  let fault: string | null = null;
  const check = async () => {
    const found = await refuseUnsafeDatabase(url).then(() => null, sentenceOf);
    if (found !== null && found !== fault) log.error({ fault: found }, 'Posting stops: the database could lose what it commits');
    if (found === null && fault !== null) log.info('Posting resumes: the database keeps what it commits again');
    fault = found;
  };
  const failed = (failure: unknown) => log.debug({ reason: String(failure) }, 'The settings of the database cannot be checked now');
  const loop = startLoop({ everyMs, firstMs: everyMs, work: check, failed });
  return {
    get fault() {
      return fault;
    },
    stop: () => loop.stop(),
  };
}

function sentenceOf(failure: unknown): string {
  if (failure instanceof OperatorError) return `${failure.message} ${failure.remedy}`;
  throw failure;
}
