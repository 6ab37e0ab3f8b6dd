/** Finds what must not be kept or shown: in texts, in JSON, in headers and addresses. */

const censored = '***';

const passwordInUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s@"]+@/gi;
const secretInQuery = /([?&](?:ssl)?(?:password|token|access_token|secret|api_?key|authorization)=)[^&\s"']*/gi;
const credential =
  /\bcofi?_[A-Za-z0-9._~-]{4,}|\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?|\b(?:Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}/g;
/** Most texts have none of the above; asking this first costs a tenth. */
const worthALook = /:\/\/|=|cofi?_|eyJ|Bearer|Basic/;

/** Hides the password of every URL in a text (`postgres://coffer:***@host/db`), for messages. */
export function hidePasswords(text: string): string {
  return text.replace(passwordInUrl, `$1${censored}@`).replace(secretInQuery, `$1${censored}`);
}

/** Hides the passwords of URLs, API keys and tokens wherever they stand in a text. */
export function hideSecrets(text: string): string {
  if (!worthALook.test(text)) return text;
  return hidePasswords(text).replace(credential, censored);
}

const secretName = /pass(?:word|phrase)|token|secret|authorization|cookie|api[-_]?key|private[-_]?key|credential/i;
const depthMax = 40;

/** Of most values there is nothing to hide, and JSON.stringify alone is a tenth of the walk. */
const mayHaveSecrets = new RegExp(`${secretName.source}|${worthALook.source}`, 'i');

/** JSON text of any value, with the values of secret names and secrets within texts hidden. Never throws, whatever it is given. */
export function jsonWithoutSecrets(value: unknown): string {
  try {
    return plainJson(value) ?? JSON.stringify(withoutSecrets(value, 0)) ?? 'null';
  } catch {
    return '"not representable"';
  }
}

function plainJson(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value);
    return mayHaveSecrets.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return hideSecrets(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return '…';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
  // Without a prototype, so that a key named __proto__ is a key like any other.
  const kept = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    kept[key] = secretName.test(key) ? censored : withoutSecrets(item, depth + 1);
  }
  return kept;
}
