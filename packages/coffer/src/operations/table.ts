/** Every operation of the product, by command name. To add one, write its file and add a line here. */
import type { TSchema } from 'typebox';
import { AccountAfter } from './answers/account-after.ts';
import { Authorization } from './answers/authorization.ts';
import { controlSchemas } from './answers/control.ts';
import { Movement } from './answers/movement.ts';
import { OpenedWallet } from './answers/opened-wallet.ts';
import { postingSchemas } from './answers/posting.ts';
import type { Definition } from './definition.ts';
import { burn } from './burn.ts';
import { capture } from './capture.ts';
import { close } from './close.ts';
import { deposit } from './deposit.ts';
import { freeze } from './freeze.ts';
import { hold } from './hold.ts';
import { issue } from './issue.ts';
import { move } from './move.ts';
import { open } from './open.ts';
import { release } from './release.ts';
import { reverse } from './reverse.ts';
import { setCreditLine } from './set-credit-line.ts';
import { setLimits } from './set-limits.ts';
import { spend } from './spend.ts';
import { topUp } from './top-up.ts';
import { transfer } from './transfer.ts';
import { unfreeze } from './unfreeze.ts';
import { withdraw } from './withdraw.ts';

export const operations = {
  open,
  deposit,
  withdraw,
  transfer,
  topUp,
  spend,
  hold,
  capture,
  release,
  reverse,
  freeze,
  unfreeze,
  close,
  setLimits,
  setCreditLine,
  move,
  issue,
  burn,
} as const;

type Table = typeof operations;
export type CommandName = keyof Table;
export type OperationName = Table[CommandName]['name'];
export type RequestOf<K extends CommandName> = Table[K] extends Definition<infer Request> ? Request : never;

export const definitions: readonly Definition[] = Object.values(operations);

/** The schemas of all answers, and the schemas they refer to. */
export const answerSchemas: readonly TSchema[] = [
  ...postingSchemas,
  AccountAfter,
  Movement,
  OpenedWallet,
  Authorization,
  ...controlSchemas,
];
