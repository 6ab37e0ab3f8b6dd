/**
 * The pages behind links in e-mails. Opening one uses nothing, because programs that check e-mails open links, too; the form does. What
 * it does is what the routes of the API do (account-links.ts).
 */
import Type from 'typebox';
import { linkPaths, linkTokenPattern } from '../../../identity/index.ts';
import type { Purpose, Refused, User } from '../../../identity/index.ts';
import type { App, Product, Reply } from '../app.ts';
import { donePage, failurePage, formPage, linkPagePolicy } from '../link-page.ts';
import { LinkTries } from '../link-tries.ts';
import { problem, tooMany } from '../problem.ts';

const formBytesMax = 8_192;
const token = new RegExp(linkTokenPattern);

/** Programs that handle e-mails append more. */
const querystring = Type.Object({ token: Type.Optional(Type.String()) });

type Form = { readonly token: string; readonly name: string; readonly password: string };

export function linkPages(app: App, product: Product): void {
  const { users, proofs, access } = product;
  const uses: Readonly<Record<Purpose, (form: Form) => Promise<User | Refused>>> = {
    email: async (form) => await proofs.confirmEmail(form.token),
    reset: async (form) => await proofs.resetPassword(form),
    invitation: async (form) =>
      proofs.signUp === 'off' ? { refusal: { code: 'sign_up_closed', facts: {} } } : await users.acceptInvitation(form),
  };
  const tries = new LinkTries(access);
  void app.register((scope: App, _options, done) => {
    // Forms are read here only: elsewhere a page of another site could send them.
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: formBytesMax },
      (_request, body, parsed) => parsed(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    for (const purpose of Object.keys(linkPaths) as Purpose[]) {
      const path = linkPaths[purpose];
      scope.get(path, { schema: { hide: true, querystring } }, (request, reply) => {
        const given = fieldOf(request.query, 'token');
        if (!token.test(given)) return refuse(reply, purpose, problem('link_invalid'));
        return asPage(reply).send(formPage(purpose, given));
      });
      scope.post(path, { schema: { hide: true } }, async (request, reply) => {
        const spent = await tries.use(request, purpose);
        if (spent !== null) return await refuse(reply, purpose, tooMany(spent));
        const form = {
          token: fieldOf(request.body, 'token'),
          name: fieldOf(request.body, 'name'),
          password: fieldOf(request.body, 'password'),
        };
        const outcome = await uses[purpose](form);
        access.forget();
        if (!('refusal' in outcome)) return await asPage(reply).send(donePage(purpose));
        const found = problem(outcome.refusal.code, outcome.refusal);
        // What was typed can be corrected; a link that is not valid cannot.
        const isTyped = /^(?:password|name)_/.test(outcome.refusal.code);
        if (!isTyped || !token.test(form.token)) return await refuse(reply, purpose, found);
        return await asPage(reply.code(found.status)).send(formPage(purpose, form.token, found.detail));
      });
    }
    done();
  });
}

function refuse(reply: Reply, purpose: Purpose, { status, detail }: { readonly status: number; readonly detail: string }): Reply {
  return asPage(reply.code(status)).send(failurePage(purpose, detail));
}

/** The address of the page has the token; the headers of every answer keep it out of caches and from other pages. */
function asPage(reply: Reply): Reply {
  return reply.type('text/html; charset=utf-8').header('content-security-policy', linkPagePolicy);
}

function fieldOf(fields: unknown, name: string): string {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return '';
  const value: unknown = (fields as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}
