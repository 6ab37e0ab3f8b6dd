/** Names of event types in requests: a misspelt one would never match, so it is refused. */
import { isEventType } from '../../events/index.ts';
import { malformed, ProblemError } from './problem.ts';

/** `*` means all of them. */
export function refuseUnknownTypes(names: Iterable<string> = []): void {
  for (const name of names)
    if (name !== '*' && !isEventType(name))
      throw new ProblemError(malformed(`Unknown event type ${name}. docs/reference/events.md and /asyncapi.json list the event types.`));
}
