/** The actor that the log records. */
import { actorOf as nameOfActor } from '../../identity/index.ts';
import type { Request } from './app.ts';
import { callerOf } from './callers.ts';

export function actorOf(request: Request): string {
  return nameOfActor(callerOf(request).principal);
}
