/** Answers to unknown paths, and to methods that a path does not support. */
import type { App, Reply } from './app.ts';
import { problem, sendProblem } from './problem.ts';

type MethodsByPath = { readonly path: RegExp; readonly methods: Set<string> }[];

/** Records every route registered after it: call it before registering the routes. */
export function allowedMethods(app: App): MethodsByPath {
  const byUrl = new Map<string, Set<string>>();
  const all: MethodsByPath = [];
  app.addHook('onRoute', ({ url, method }) => {
    let methods = byUrl.get(url);
    if (!methods) {
      methods = new Set();
      byUrl.set(url, methods);
      all.push({ path: new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`), methods });
    }
    for (const name of [method].flat()) methods.add(name);
  });
  return all;
}

export function answerUnknownRoutes(app: App, routes: MethodsByPath): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = new Set(routes.filter((route) => route.path.test(path)).flatMap((route) => [...route.methods]));
    if (methods.size > 0) return answerOtherMethod(reply, request.method, [...methods].toSorted());
    return sendProblem(reply, problem('route_not_found', { facts: { method: request.method, path: path.slice(0, 200) } }));
  });
}

function answerOtherMethod(reply: Reply, method: string, allowed: readonly string[]): Reply {
  reply.header('allow', [...allowed, 'OPTIONS'].join(', '));
  if (method === 'OPTIONS') return reply.code(204).send();
  return sendProblem(reply, problem('method_not_allowed', { facts: { method, allowed: allowed.join(', ') } }));
}
