/** The actor that corrections and controls record in the log. */
import { actorOf as nameOfActor } from '../../identity/index.ts';
import type { Request } from './app.ts';
import { callerOf } from './callers.ts';

export function actorOf(request: Request): string {
  return nameOfActor(callerOf(request).principal);
}
