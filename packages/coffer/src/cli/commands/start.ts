import { Argument, Command } from 'commander';
import { services, startCoffer } from '../../compose/main.ts';
import type { Service } from '../../compose/main.ts';
import { runCommand, settingsHelp } from '../run.ts';
import { runUntilStopped } from '../shutdown.ts';
import { welcome } from '../welcome.ts';

export function startCommand(): Command {
  return new Command('start')
    .summary('start Coffer, or some of its services')
    .description('Starts the services named, or all of them, and runs until you press Ctrl-C. Creates and migrates the database first.')
    .addArgument(new Argument('[service...]', 'which services').choices(services))
    .addHelpText(
      'after',
      `${settingsHelp()}

Examples:
  coffer start                         everything, on the embedded PostgreSQL
  PORT=8080 coffer start               the REST API on another port
  coffer start users                   only the users service
  coffer start worker                  only the worker: projections, webhooks and background requests
  DATABASE_URL=postgres://… coffer start wallets api`,
    )
    .action(async (names: Service[]) => {
      const chosen = names.length === 0 ? services : services.filter((service) => names.includes(service));
      await runCommand({ descriptor: 1, logFile: logFileOf(chosen) }, async ({ config, log }) => {
        await runUntilStopped(log, async () => {
          const coffer = await startCoffer(config, chosen, log);
          log.info({ ...coffer.urls }, 'Coffer is running; press Ctrl-C to stop it');
          // If standard output is full or closed, only the welcome is lost.
          process.stdout.on('error', () => undefined).write(welcome(coffer));
          return coffer;
        });
      });
    });
}

/** Each process has its own file: api.log if it runs the API, otherwise users.log, wallets.log or worker.log. */
function logFileOf(chosen: readonly Service[]): string {
  return `${chosen.includes('api') ? 'api' : chosen[0]}.log`;
}
