import { Argument, Command } from 'commander';
import { startCoffer } from '../../compose/main.ts';
import { services } from '../../compose/running.ts';
import type { Duties, Service } from '../../compose/running.ts';
import type { Config } from '../../compose/config.ts';
import { startProcesses } from '../../compose/processes.ts';
import { WorkerLink } from '../../compose/process-link.ts';
import type { Log } from '../../kernel/index.ts';
import { printFailure, runCommand, settingsHelp } from '../run.ts';
import { runUntilStopped, stopOfWorker } from '../shutdown.ts';
import { welcome } from '../welcome.ts';

export function startCommand(): Command {
  return new Command('start')
    .summary('start Coffer, or some of its services')
    .description('Starts the services named, or all of them, and runs until you press Ctrl-C. Creates and migrates the database first.')
    .addArgument(new Argument('[service...]', 'which services').choices([...services, ...roles]))
    .addHelpText(
      'after',
      `${settingsHelp()}

Examples:
  coffer start                         everything, on the embedded PostgreSQL
  PORT=8080 coffer start               the REST API on another port
  coffer start users                   only the users service
  coffer start worker                  only the worker: projections, webhooks and background requests
  coffer start front                   users, wallets and api, without owning books: every operation goes to their owners
  coffer start ledger                  no service: owns books, and takes the operations of the fronts
  DATABASE_URL=postgres://… coffer start wallets api`,
    )
    .action(async (names: (Service | Role)[]) => {
      const duties = dutiesOf(names);
      await runCommand({ descriptor: 1, logFile: logFileOf(duties) }, async ({ config, log }) => {
        const link = WorkerLink.open();
        if (link) return await runWorkerProcess(link, config, duties, log);
        await runUntilStopped(log, async () => {
          const start = config.workers > 1 && isSpread(duties) ? startProcesses : startCoffer;
          const coffer = await start(config, duties, log);
          log.info({ ...coffer.urls }, 'Coffer is running; press Ctrl-C to stop it');
          // If standard output is full or closed, only the welcome is lost.
          process.stdout.on('error', () => undefined).write(welcome(coffer));
          return coffer;
        });
      });
    });
}

/** The background work is one process' alone. */
function isSpread({ services: chosen }: Duties): boolean {
  return chosen.length === 0 || chosen.some((service) => service !== 'worker');
}

async function runWorkerProcess(link: WorkerLink, config: Config, duties: Duties, log: Log): Promise<void> {
  const own = log.child({ worker: link.number });
  const work = { ...duties, services: duties.services.filter((service) => service !== 'worker') };
  try {
    await runUntilStopped(
      own,
      async () => {
        const coffer = await startCoffer(config, work, own, { link });
        link.started(coffer);
        own.info('This worker process serves');
        return coffer;
      },
      stopOfWorker(link.stopAsked),
    );
  } catch (failure) {
    // The channel to the supervisor would keep it alive.
    printFailure(failure, false);
    process.exit(1);
  }
}

/** A front owns no books; a process without services only owns books. */
const roles = ['front', 'ledger'] as const;
type Role = (typeof roles)[number];
const frontServices: readonly string[] = ['users', 'wallets', 'api'];

function dutiesOf(names: readonly (Service | Role)[]): Duties {
  if (names.length === 0) return { services, books: 'share' };
  const isFront = names.includes('front') && !names.includes('ledger');
  const isChosen = (service: Service) => names.includes(service) || (names.includes('front') && frontServices.includes(service));
  return { services: services.filter(isChosen), books: isFront ? 'none' : 'share' };
}

/** Each process has its own file: api.log if it runs the API, otherwise users.log, wallets.log, worker.log or ledger.log. */
function logFileOf({ services: chosen }: Duties): string {
  return `${chosen.includes('api') ? 'api' : (chosen[0] ?? 'ledger')}.log`;
}
