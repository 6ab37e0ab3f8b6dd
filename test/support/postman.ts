/** Runs a Postman collection with the features that ours uses: variables, requests, scripts with their tests. */
import { randomUUID } from 'node:crypto';
import vm from 'node:vm';
import { expect } from 'vitest';

type Script = { readonly listen: 'test' | 'prerequest'; readonly script: { readonly exec: readonly string[] } };
type Variable = { readonly key: string; readonly value: string };
export type PostmanRequest = {
  readonly method: string;
  readonly auth: { readonly type: 'noauth' | 'bearer'; readonly bearer?: readonly Variable[] };
  readonly header: readonly Variable[];
  readonly url: {
    readonly raw: string;
    readonly host: readonly string[];
    readonly path: readonly string[];
    readonly query: readonly (Variable & { readonly disabled: boolean })[];
    readonly variable: readonly Variable[];
  };
  readonly body?: { readonly mode: 'raw'; readonly raw: string };
};
export type PostmanItem = {
  readonly id: string;
  readonly name: string;
  readonly request: PostmanRequest;
  readonly event?: readonly Script[];
};
export type PostmanFolder = { readonly name: string; readonly item: readonly PostmanItem[] };
export type PostmanCollection = {
  readonly info: { readonly name: string; readonly schema: string; readonly _postman_id: string };
  readonly variable: readonly Variable[];
  readonly event: readonly Script[];
  readonly item: readonly PostmanFolder[];
};

export type Ran = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly tests: readonly string[];
};

/** A failing test of a script throws. */
export class PostmanRunner {
  readonly #collection: PostmanCollection;
  readonly #variables: Map<string, string>;

  constructor(collection: PostmanCollection, changes: Readonly<Record<string, string>>) {
    this.#collection = collection;
    this.#variables = new Map([...collection.variable.map(({ key, value }) => [key, value] as const), ...Object.entries(changes)]);
  }

  set(name: string, value: string): void {
    this.#variables.set(name, value);
  }

  async run(item: PostmanItem): Promise<Ran> {
    this.#runScripts('prerequest', item, null, []);
    const { method, auth, header, url, body } = item.request;
    const inPath = new Map(url.variable.map(({ key, value }) => [`:${key}`, encodeURIComponent(this.#filled(value))]));
    const path = url.path.map((part) => inPath.get(part) ?? part).join('/');
    const query = url.query
      .filter(({ disabled }) => !disabled)
      .map(({ key, value }) => `${key}=${encodeURIComponent(this.#filled(value))}`);
    const token = auth.bearer?.find(({ key }) => key === 'token')?.value;
    const answer = await fetch(`${this.#filled(url.host.join('.'))}/${path}${query.length === 0 ? '' : `?${query.join('&')}`}`, {
      method,
      headers: {
        ...Object.fromEntries(header.map(({ key, value }) => [key, this.#filled(value)])),
        ...(token !== undefined && { authorization: `Bearer ${this.#filled(token)}` }),
      },
      ...(body && { body: this.#filled(body.raw) }),
    });
    const text = await answer.text();
    const tests: string[] = [];
    this.#runScripts('test', item, { code: answer.status, json: () => JSON.parse(text) as unknown }, tests);
    const isJson = (answer.headers.get('content-type') ?? '').includes('json');
    return { status: answer.status, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {}, text, tests };
  }

  #filled(text: string): string {
    return text.replaceAll(/\{\{([$\w]+)\}\}/g, (whole, name: string) =>
      name === '$guid' ? randomUUID() : name === '$isoTimestamp' ? new Date().toISOString() : (this.#variables.get(name) ?? whole),
    );
  }

  #runScripts(listen: Script['listen'], item: PostmanItem, response: object | null, tests: string[]): void {
    const set = (name: string, value: string) => void this.#variables.set(name, value);
    const pm = {
      response,
      expect,
      collectionVariables: { set },
      variables: { replaceIn: (text: string) => this.#filled(text) },
      test: (name: string, run: () => void) => {
        run();
        tests.push(name);
      },
    };
    for (const event of [...this.#collection.event, ...(item.event ?? [])]) {
      if (event.listen === listen) vm.runInNewContext(`(() => {${event.script.exec.join('\n')}})()`, { pm });
    }
  }
}
