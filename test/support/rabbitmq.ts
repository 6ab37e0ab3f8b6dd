/** A separate RabbitMQ per test file: with its own name, ports and folder, on loopback, so that it can be killed, starved and cut off. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { isAlive } from '../../packages/embedded-postgres/src/process.ts';
import { freePort } from './ports.ts';

const serverPrograms = ['/usr/lib/rabbitmq/bin/rabbitmq-server', '/usr/sbin/rabbitmq-server', '/opt/homebrew/sbin/rabbitmq-server'];
const program = serverPrograms.find((file) => fs.existsSync(file));
const prefix = 'coffer-rabbitmq-';
const startsWithinMs = 150_000;

/** False where RabbitMQ is not installed: the tests that need it are then skipped with a message. Never in CI. */
export const hasRabbitMq: boolean = program !== undefined;
if (!hasRabbitMq) {
  const remedy = 'RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)';
  if (process.env['CI']) throw new Error(`${remedy}; CI skips no tests`);
  console.info(`${remedy}: the tests with a real RabbitMQ are left out.`);
}

export type RabbitMq = {
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Of the process that runs now. */
  readonly pid: number;
  /** Stops it like a power cut. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  /** Evaluates Erlang in the broker and returns the output. */
  evaluate(erlang: string): Promise<string>;
  /** Pretends that memory is short: publishers are blocked until it is lifted. */
  raiseAlarm(): Promise<void>;
  clearAlarm(): Promise<void>;
  stop(): Promise<void>;
};

export async function startRabbitMq(): Promise<RabbitMq> {
  sweepLeftovers();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`));
  const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const cookie = randomBytes(16).toString('hex');
  fs.writeFileSync(path.join(folder, '.erlang.cookie'), cookie, { mode: 0o400 });
  fs.writeFileSync(path.join(folder, 'plugins'), '[].\n');
  // Parallel tests leave little memory and disk; the alarm is raised by hand.
  fs.writeFileSync(
    path.join(folder, 'rabbitmq.conf'),
    `listeners.tcp.1 = 127.0.0.1:${port}\nloopback_users.guest = true\nvm_memory_high_watermark.relative = 0.9\ndisk_free_limit.absolute = 50MB\nlog.file = false\nlog.console = true\nlog.console.level = warning\n`,
  );
  const env = environmentOf(folder, { distributionPort, epmdPort });
  const address = { host: '127.0.0.1', port };
  let child = await launch(env, folder, address);

  const evaluate = async (erlang: string) => {
    const running = promisify(execFile)(
      'erl_call',
      ['-c', cookie, '-address', `127.0.0.1:${distributionPort}`, '-r', '-timeout', '20', '-e'],
      {
        env,
      },
    );
    running.child.stdin?.end(`${erlang}\n`);
    return (await running).stdout;
  };
  const kill = async () => await end(child, 'SIGKILL');
  const alarm = (set: 'set_alarm' | 'clear_alarm', what: string) =>
    evaluate(`rabbit_alarm:${set}(${what}), rabbit_alarm:get_alarms().`).then(() => undefined);
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    address,
    get pid() {
      return child.pid ?? 0;
    },
    kill,
    restart: async () => {
      await kill();
      child = await launch(env, folder, address);
    },
    evaluate,
    raiseAlarm: () => alarm('set_alarm', '{{resource_limit, memory, node()}, []}'),
    clearAlarm: () => alarm('clear_alarm', '{resource_limit, memory, node()}'),
    stop: async () => {
      await kill();
      // The name directory is a separate daemon; this one uses our own port.
      await promisify(execFile)('epmd', ['-port', String(epmdPort), '-kill'], { env }).catch(() => undefined);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function environmentOf(folder: string, ports: { distributionPort: number; epmdPort: number }): NodeJS.ProcessEnv {
  return {
    PATH: `${process.env['PATH']}:/usr/lib/erlang/bin:/usr/sbin`,
    HOME: folder,
    LANG: 'C.UTF-8',
    RABBITMQ_NODENAME: `coffer_${path.basename(folder).replaceAll(/\W/g, '_')}@localhost`,
    RABBITMQ_DIST_PORT: String(ports.distributionPort),
    ERL_EPMD_PORT: String(ports.epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: path.join(folder, 'data'),
    RABBITMQ_LOG_BASE: path.join(folder, 'logs'),
    RABBITMQ_CONFIG_FILE: path.join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'plugins'),
    RABBITMQ_CONF_ENV_FILE: path.join(folder, 'none'),
    // `exec` replaces the shell with the server, so that the process we started is the one to end.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none',
  };
}

async function launch(env: NodeJS.ProcessEnv, folder: string, address: { host: string; port: number }): Promise<ChildProcess> {
  const output = fs.openSync(path.join(folder, 'output'), 'a');
  // A separate process group: children of the server end with it.
  const child = spawn(program ?? '', [], { env, detached: true, stdio: ['ignore', output, output] });
  fs.closeSync(output);
  fs.writeFileSync(path.join(folder, 'group'), String(child.pid));
  const until = performance.now() + startsWithinMs;
  while (!(await answers(address))) {
    const said = () => fs.readFileSync(path.join(folder, 'output'), 'utf8').slice(-2_000);
    if (child.exitCode !== null) throw new Error(`RabbitMQ ended at its start: ${said()}`);
    if (performance.now() > until) throw new Error(`RabbitMQ does not answer: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return child;
}

/** True when it sends a greeting: an open port may not have a broker behind it yet. */
async function answers({ host, port }: { host: string; port: number }): Promise<boolean> {
  const socket = net.connect({ host, port });
  try {
    await once(socket, 'connect');
    socket.write('AMQP\0\0\u0009\u0001');
    await once(socket, 'data', { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function end(child: ChildProcess, signal: 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  process.kill(-child.pid, signal);
  await gone;
}

/** Ends the leftovers of a killed test run. */
function sweepLeftovers(): void {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const folder = path.join(os.tmpdir(), name);
    try {
      const group = Number(fs.readFileSync(path.join(folder, 'group'), 'utf8'));
      // Another process may have its id by now.
      if (fs.readFileSync(`/proc/${group}/cmdline`, 'utf8').includes(folder)) process.kill(-group, 'SIGKILL');
    } catch {
      // It is gone already.
    }
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
