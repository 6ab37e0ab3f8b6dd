/** Names of events that callers ask for: one that is misspelt would be waited for in vain, so it is refused. */
import { isEventType } from '../../events/index.ts';
import { malformed, ProblemError } from './problem.ts';

/** `*` is all of them. */
export function refuseUnknownTypes(names: Iterable<string> = []): void {
  for (const name of names)
    if (name !== '*' && !isEventType(name))
      throw new ProblemError(
        malformed(`There are no events called ${name}. docs/reference/events.md and /asyncapi.json list the event types.`),
      );
}
