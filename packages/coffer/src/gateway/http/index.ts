// Coffer over HTTP: REST routes from one set of schemas, problem documents, OpenAPI and its pages.
export type { Product } from './app.ts';
export { listenHttp } from './listen.ts';
export type { HttpListener } from './listen.ts';
export { openApiDocument } from './document.ts';
export { examples } from './openapi-examples.ts';
