/** What follows the event log, and how far it is: for operators. */
import Type from 'typebox';
import type { Static } from 'typebox';
import type { ProjectionStatus } from '../../../projections/index.ts';
import type { App, Product } from '../app.ts';
import { orNull, problems, ref, strict } from '../schemas.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

const ProjectionView = Type.Object(
  {
    name: Type.String({ examples: ['stats'] }),
    generation: count('which making of it is read; a rebuild makes the next'),
    building: orNull(Type.Integer({ description: 'the one that a rebuild is making now' })),
    setAside: count('events that could not be taken in; the others flowed on'),
    books: Type.Array(
      Type.Object(
        {
          book: Type.Integer({ minimum: 1 }),
          seq: count('the last event that is in it, by its entry'),
          part: count('and by its place among the events of that entry'),
          events: count('how many are in it'),
          behindEntries: count('entries of the log that it has yet to take in'),
          behindSeconds: Type.Number({ description: 'since the oldest event was recorded that is not in it' }),
        },
        strict,
      ),
    ),
  },
  { $id: 'Projection', ...strict },
);
export const projectionSchemas = [ProjectionView];

export function projectionRoutes(app: App, { projections }: Product): void {
  app.get(
    '/projections',
    {
      schema: {
        operationId: 'listProjections',
        description: 'How far each projection of the event log is; empty before a worker has begun',
        tags: ['Events'],
        response: { 200: Type.Object({ items: Type.Array(ref(ProjectionView)) }, strict), ...problems() },
      },
    },
    async () => ({ items: (await projections()).map(present) }),
  );
}

function present({ name, generation, building, setAside, books }: ProjectionStatus): Static<typeof ProjectionView> {
  return { name, generation, building, setAside, books: books.map(({ applied, ...book }) => ({ ...book, events: applied })) };
}
