/** The page behind a link of an e-mail: a form that posts, without scripts and without anything from other hosts. */
import { hash } from 'node:crypto';
import { linkPaths, nameLengthMax, passwordLengthMax, passwordLengthMin } from '../../identity/index.ts';
import type { Purpose } from '../../identity/index.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 26rem; margin: 10vh auto; padding: 0 1rem; background: Canvas; color: CanvasText; }
h1 { font-size: 1.4rem; }
label { display: block; margin-top: 1rem; }
input { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; border: 1px solid GrayText; border-radius: .4rem; }
button { margin-top: 1.5rem; padding: .6rem 1.2rem; font: inherit; border: 0; border-radius: .4rem; background: #1b5fc4; color: #fff; }
:focus-visible { outline: 3px solid #6aa4ff; outline-offset: 2px; }
.problem { border-left: 4px solid #c4391b; padding-left: .8rem; }
`;

/** Only this style sheet, no scripts, no frames, and forms only to this server. */
export const linkPagePolicy = `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

const name = `<label>Name <input name="name" autocomplete="name" maxlength="${nameLengthMax}" required></label>`;
const password = `<label>Password <input name="password" type="password" autocomplete="new-password" minlength="${passwordLengthMin}" maxlength="${passwordLengthMax}" required></label>
<p>At least ${passwordLengthMin} characters. Several words make a good one.</p>`;

type Words = { readonly heading: string; readonly intro: string; readonly fields: string; readonly button: string; readonly done: string };

const words: Readonly<Record<Purpose, Words>> = {
  email: {
    heading: 'Confirm your e-mail address',
    intro: 'Confirm that the address that received the e-mail is yours.',
    fields: '',
    button: 'Confirm',
    done: 'Your e-mail address is confirmed. You can log in now.',
  },
  reset: {
    heading: 'Set a new password',
    intro: 'Every device is logged out when you set a new password.',
    fields: password,
    button: 'Set password',
    done: 'Your new password is set. You can log in now.',
  },
  invitation: {
    heading: 'Open your account',
    intro: 'You are invited to open an account.',
    fields: `${name}${password}`,
    button: 'Open account',
    done: 'Your account is open. You can log in now.',
  },
};

export function formPage(purpose: Purpose, token: string, complaint: string | null = null): string {
  const { heading, intro, fields, button } = words[purpose];
  // Relative, because a proxy may serve Coffer below a path; and without the query, which has the token.
  return page(
    heading,
    `${complaint === null ? `<p>${intro}</p>` : problem(complaint)}
<form method="post" action="${pageOf(purpose)}">
<input type="hidden" name="token" value="${escaped(token)}">
${fields}<button>${button}</button>
</form>`,
  );
}

export function donePage(purpose: Purpose): string {
  const { heading, done } = words[purpose];
  return page(heading, `<p role="status">${done}</p>`);
}

export function failurePage(purpose: Purpose, sentence: string): string {
  return page(words[purpose].heading, problem(sentence));
}

function problem(sentence: string): string {
  return `<p class="problem" role="alert">${escaped(sentence)}</p>`;
}

function pageOf(purpose: Purpose): string {
  return linkPaths[purpose].split('/').at(-1) ?? '';
}

function page(heading: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${heading}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${heading}</h1>
${body}
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
}
