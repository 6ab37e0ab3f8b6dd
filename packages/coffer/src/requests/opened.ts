import { openedText } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import type { AsyncRequest } from './types.ts';

/** A request as readers and the payer see it: with its metadata opened. */
export async function openedRequest(vault: MetadataVault, request: AsyncRequest): Promise<AsyncRequest> {
  const { content } = request;
  if (content.metadata === undefined) return request;
  return { ...request, content: { ...content, metadata: await openedText(vault, content.metadata) } };
}
