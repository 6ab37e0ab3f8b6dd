/**
 * Answers compressed with gzip, for callers that accept it: lists, documents and exports. Their tokens travel in headers, never in such an
 * answer, so its size gives no secret away (BREACH).
 */
import compress from '@fastify/compress';
import type { App } from './app.ts';

/** Text and JSON of every kind, except live streams: an event must not wait in a compressor. */
const compressibleTypes = /^(text\/(?!event-stream)|application\/([\w.-]+\+)?(json|xml|javascript)|application\/x-ndjson)/;
/** Too short to gain from it: they fit into a packet or two. */
const bytesLeast = 1_024;

/** Call it before registering the routes. Answers to writes are short, and their path is measured. */
export async function compressAnswers(app: App): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (route.method !== 'GET') route.compress = false;
  });
  await app.register(compress, {
    encodings: ['gzip'],
    threshold: bytesLeast,
    customTypes: compressibleTypes,
    // A compressed request is refused.
    globalDecompression: false,
  });
}
