/** Which commands change something: each that succeeds leaves a row in the audit. */
import os from 'node:os';
import type { Command } from 'commander';
import type { Change } from '../compose/commands.ts';

const changing: ReadonlySet<string> = new Set([
  ...['role', 'suspend', 'reinstate', 'end-sessions', 'reset-factors', 'invite', 'link', 'password', 'delete', 'erase'].map(
    (name) => `users ${name}`,
  ),
  ...['add', 'rename', 'retire', 'reinstate'].map((name) => `assets ${name}`),
  ...['add', 'rename', 'move'].map((name) => `accounts ${name}`),
  ...['create', 'rotate', 'revoke'].map((name) => `keys ${name}`),
  ...['approve', 'reject', 'replay'].map((name) => `requests ${name}`),
  ...['approve', 'reject', 'set-policy', 'remove-policy'].map((name) => `approvals ${name}`),
  ...['replay', 'drop'].map((name) => `deadletters ${name}`),
  ...['create', 'pause', 'resume', 'rotate', 'test', 'replay', 'delete'].map((name) => `webhooks ${name}`),
  ...['add', 'enable', 'disable'].map((name) => `fraud ${name}`),
  'datakeys rewrap',
  'projections retry',
]);

let running: Change | null = null;

/** Call it before the action of a command. */
export function noteCommand(command: Command): void {
  const name = fullNameOf(command);
  running = changing.has(name) ? { command: name, input: { arguments: command.args, ...command.opts() }, operator: operator() } : null;
}

/** The change that the running command makes; null if it only reads. */
export function currentChange(): Change | null {
  return running;
}

/** Without the name of the program: "users role". */
function fullNameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${fullNameOf(parent)} ${command.name()}` : command.name();
}

/** The account of the operating system; there may be none in a container. */
function operator(): string {
  try {
    return os.userInfo().username;
  } catch {
    return 'unknown';
  }
}
