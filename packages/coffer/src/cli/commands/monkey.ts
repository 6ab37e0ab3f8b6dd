import { Command, InvalidArgumentError } from 'commander';
import { Coffer, CofferRefused, CofferUnavailable } from '../../../../client/src/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { runMonkey } from '../monkey/monkey.ts';
import { sentences } from '../monkey/report.ts';
import { answer, tellFailure } from '../run.ts';

type Options = {
  readonly requests: number;
  readonly concurrency: number;
  readonly wallets: number;
  readonly url: string;
  readonly seed?: number;
  readonly token?: string;
  readonly json?: boolean;
  readonly iOwnThisServer?: boolean;
};

export function monkeyCommand(): Command {
  return new Command('monkey')
    .summary('load a running Coffer, and check that no unit was lost, doubled or made up')
    .description(
      'Sends a mixed load with retries, duplicates, reused keys and races to wallets of its own, then reads everything back over the API and checks it. Real money of nobody is touched, but what it deposits stays. Exit code 1 when something does not hold.',
    )
    .option('--requests <number>', 'how many requests', wholeNumber(1, 1_000_000), 1000)
    .option('--concurrency <number>', 'how many at once', wholeNumber(1, 1000), 100)
    .option('--wallets <number>', 'how many wallets they meet at', wholeNumber(2, 10_000), 20)
    .option('--url <address>', 'where Coffer is', 'http://127.0.0.1:3000')
    .option('--seed <number>', 'asks the same again; a new one each time when left away', wholeNumber(0, 2 ** 32 - 1))
    .option('--token <token>', "an API key or a login's token, for a server that asks for one; or COFFER_TOKEN")
    .option('--json', 'answer as JSON')
    .option('--i-own-this-server', 'allow a server that is not on this machine')
    .addHelpText(
      'after',
      `
Examples:
  coffer monkey                                        1000 requests, 100 at once
  coffer monkey --requests 100000 --concurrency 200
  coffer monkey --wallets 2                            everything meets at two wallets
  coffer monkey --json --seed 7`,
    )
    .action(async (options: Options) => {
      try {
        await run(options);
      } catch (failure) {
        tellFailure(failure, options.json ?? false);
      }
    });
}

async function run(options: Options): Promise<void> {
  refuseStrangers(options);
  await refuseSilence(options);
  const { json = false, token = process.env['COFFER_TOKEN'], ...asked } = options;
  const report = await runMonkey({
    ...asked,
    seed: options.seed ?? newSeed(),
    token,
    ...(!json && { onProgress: progressTo(process.stderr) }),
  }).catch((failure: unknown) => {
    if (!(failure instanceof CofferUnavailable)) throw failure;
    throw new OperatorError(
      `Coffer at ${asked.url} went away before everything was read back, so nothing is known of the invariants: ${failure.message}`,
      'Start it again and ask once more; "coffer verify" says whether the ledger is whole.',
    );
  });
  answer({ json }, sentences(report), report);
  if (!report.ok) process.exitCode = 1;
}

function refuseStrangers({ url, iOwnThisServer }: Options): void {
  const host = URL.parse(url)?.hostname;
  if (host === undefined || !/^https?:/.test(url))
    throw new OperatorError(`"${url}" is no address of a server.`, 'Give one like http://127.0.0.1:3000.');
  if (iOwnThisServer || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)) return;
  throw new OperatorError(
    `${host} is not this machine, and a load test of somebody else's server is an attack.`,
    'If the server is yours, say so: --i-own-this-server.',
  );
}

async function refuseSilence({ url }: Options): Promise<void> {
  await new Coffer({ url, attemptsMax: 1 }).health().catch((failure: unknown) => {
    const reason = failure instanceof CofferUnavailable || failure instanceof CofferRefused ? failure.message : String(failure);
    throw new OperatorError(`No Coffer answers at ${url}: ${reason}`, 'Start it (npm start), or name another one: --url.');
  });
}

/** One line that changes on a terminal, four lines in a log. */
function progressTo(stream: NodeJS.WriteStream): (stage: string, done: number, of: number) => void {
  let shownAtMs = 0;
  let quarters = 0;
  return (stage, done, of) => {
    const nowMs = performance.now();
    const line = stage === 'requests' ? `${done.toLocaleString('en-US')} of ${of.toLocaleString('en-US')} requests` : `${stage} …`;
    if (stream.isTTY) {
      if (done < of && nowMs - shownAtMs < 100 && done > 0) return;
      shownAtMs = nowMs;
      stream.write(`\r\x1b[K${stage === 'checking' && done === of ? '' : line}`);
    } else if (stage === 'requests' && Math.floor((done / of) * 4) > quarters) {
      quarters = Math.floor((done / of) * 4);
      stream.write(`${line}\n`);
    }
  };
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
