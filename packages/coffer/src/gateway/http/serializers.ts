/** Compiles the serialisers of answers, each distinct schema once. */
import fastify from 'fastify';
import type { FastifySerializerCompiler } from 'fastify';
import { assert } from '../../kernel/index.ts';

/**
 * Fastify compiles a serialiser for each route and status, and prepares all named schemas for each of them: 938 of them, of 56
 * kinds, took 2.8 of the 3.4 CPU seconds of a start. Most are the same few problem documents.
 */
export function compileOnce(compile: FastifySerializerCompiler<unknown>): FastifySerializerCompiler<unknown> {
  const compiled = new Map<string, ReturnType<typeof compile>>();
  return (answer) => {
    const content = JSON.stringify(answer.schema);
    const serializer = compiled.get(content) ?? compile(answer);
    compiled.set(content, serializer);
    return serializer;
  };
}

/** Fastify's own compiler; `named` are the schemas that others refer to. A server has it only once a route has needed it. */
export async function defaultCompiler(named: readonly object[]): Promise<FastifySerializerCompiler<unknown>> {
  const bare = fastify();
  for (const schema of named) bare.addSchema(schema);
  bare.get('/', { schema: { response: { 200: { type: 'null' } } } }, () => null);
  await bare.ready();
  assert(bare.serializerCompiler, 'the route has set it up');
  return bare.serializerCompiler;
}
