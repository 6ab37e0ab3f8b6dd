// Coffer over HTTP: REST routes from one set of schemas, problem documents, OpenAPI and its pages.
export type { Product } from './app.ts';
export { listenHttp } from './listen.ts';
export type { HttpListener } from './listen.ts';
export { openApiDocument } from './document.ts';
export { examples } from './openapi-examples.ts';
// What commands print as JSON is what the API answers.
export { presentHold } from './hold-views.ts';
export { presentOperation } from './operation-views.ts';
export { presentRequest } from './request-views.ts';
export { presentUser } from './routes/users.ts';
export { presentWallet } from './wallet-views.ts';
