import { Command, InvalidArgumentError } from 'commander';
import { Coffer, CofferRefused, CofferUnavailable } from '../../../../client/src/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { runMonkey } from '../monkey/monkey.ts';
import { sentences } from '../monkey/report.ts';
import { answer, printFailure } from '../run.ts';

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
    .summary('load test a running Coffer, and check that no money was lost, duplicated or invented')
    .description(
      'Sends a mixed load with retries, duplicates, reused keys and races to its own wallets, then reads everything back over the API and checks the invariants. It does not touch other wallets, but its deposits stay in the ledger. Exit code 1 if an invariant is violated.',
    )
    .option('--requests <number>', 'number of requests', wholeNumber(1, 1_000_000), 1000)
    .option('--concurrency <number>', 'number of concurrent requests', wholeNumber(1, 1000), 100)
    .option('--wallets <number>', 'number of wallets that share the load', wholeNumber(2, 10_000), 20)
    .option('--url <address>', 'address of Coffer', 'http://127.0.0.1:3000')
    .option('--seed <number>', 'repeats the requests of an earlier run; default: a new seed each time', wholeNumber(0, 2 ** 32 - 1))
    .option('--token <token>', "an API key or a login's token, for a server that requires credentials; or set COFFER_TOKEN")
    .option('--json', 'print JSON')
    .option('--i-own-this-server', 'allow a server that is not on this machine')
    .addHelpText(
      'after',
      `
Examples:
  coffer monkey                                        1000 requests, 100 concurrent
  coffer monkey --requests 100000 --concurrency 200
  coffer monkey --wallets 2                            all load on two wallets
  coffer monkey --json --seed 7`,
    )
    .action(async (options: Options) => {
      try {
        await run(options);
      } catch (failure) {
        printFailure(failure, options.json ?? false);
      }
    });
}

async function run(options: Options): Promise<void> {
  refuseStrangers(options);
  await refuseSilence(options);
  const { json = false, token = process.env['COFFER_TOKEN'], ...settings } = options;
  const report = await runMonkey({
    ...settings,
    seed: options.seed ?? newSeed(),
    token,
    ...(!json && { onProgress: progressTo(process.stderr) }),
  }).catch((failure: unknown) => {
    if (!(failure instanceof CofferUnavailable)) throw failure;
    throw new OperatorError(
      `Coffer at ${settings.url} became unavailable before everything was read back, so the invariants could not be checked: ${failure.message}`,
      'Start it and run the command again; "coffer verify" checks the ledger itself.',
    );
  });
  answer({ json }, sentences(report), report);
  if (!report.ok) process.exitCode = 1;
}

function refuseStrangers({ url, iOwnThisServer }: Options): void {
  const host = URL.parse(url)?.hostname;
  if (host === undefined || !/^https?:/.test(url))
    throw new OperatorError(`"${url}" is not a server address.`, 'Give one like http://127.0.0.1:3000.');
  if (iOwnThisServer || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)) return;
  throw new OperatorError(
    `${host} is not this machine, and a load test against a server you do not own is an attack.`,
    'If you own the server, add --i-own-this-server.',
  );
}

async function refuseSilence({ url }: Options): Promise<void> {
  await new Coffer({ url, attemptsMax: 1 }).health().catch((failure: unknown) => {
    const reason = failure instanceof CofferUnavailable || failure instanceof CofferRefused ? failure.message : String(failure);
    throw new OperatorError(`No Coffer answers at ${url}: ${reason}`, 'Start it (npm start), or give another address with --url.');
  });
}

/** On a terminal, one line that is overwritten; in a log, four lines. */
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
