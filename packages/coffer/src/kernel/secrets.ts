/** Hides secrets in texts, JSON, headers and addresses. */

const censored = '***';

/**
 * No pattern may search to the end of the text from more than a few positions, because callers write these texts: a body of 80 KB of `a-`
 * kept the process busy for 14 seconds. So each pattern either consumes what it crossed, or crosses only a bounded run.
 */
const upToAt = /:\/\/[^\s@"]*(?:@[^\s@"/?#]*(?=@))*@?/g;
const userAndPassword = /(:\/\/[^:/]*:).+@$/;
const secretWords =
  'pass(?:word|phrase|code)|recovery[-_]?code|ticket|token|secret|authorization|cookie|api[-_]?key|private[-_]?key|credential';
const secretInQuery = new RegExp(`([?&][^\\s?&="']{0,32}(?:${secretWords})[^\\s?&="']{0,32}=)[^&\\s"']*`, 'gi');
const credential =
  /\bcof[il]?_[A-Za-z0-9._~-]{4,}|\bwhsec_[A-Za-z0-9+/=]{4,}|\beyJ(?:[\w-]{16,}|[\w-]{4,15}(?=\.))(?:\.[\w-]*){0,4}|\b(?:Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}/g;
/** In PEM, also inside a URL. A truncated key is hidden to the end of the text, or of the JSON string that contains it. */
const privateKey =
  /-----BEGIN(?:[ +]|%20)(?:[A-Z]{1,16}(?:[ +]|%20)){0,4}PRIVATE(?:[ +]|%20)KEY-----(?:[^"]*?-----END(?:[ +A-Z]|%20){1,64}-----|[^"]*)/g;
/** Most texts match none of the above; this check first costs a tenth. */
const worthALook = /:\/\/|=|cof[il]?_|whsec_|eyJ|Bearer|Basic|-----BEGIN/;

/** Hides the password of every URL in a text (`postgres://coffer:***@host/db`), for messages. */
export function hidePasswords(text: string): string {
  return text
    .replace(upToAt, (address) => (address.endsWith('@') ? address.replace(userAndPassword, `$1${censored}@`) : address))
    .replace(secretInQuery, `$1${censored}`);
}

/** Hides the passwords of URLs, API keys, tokens and private keys anywhere in a text. */
export function hideSecrets(text: string): string {
  if (!worthALook.test(text)) return text;
  return hidePasswords(text).replace(credential, censored).replace(privateKey, censored);
}

const secretName = new RegExp(secretWords, 'i');
const depthMax = 40;

/** Most values contain nothing to hide, and JSON.stringify alone costs a tenth of the walk. */
const mayHaveSecrets = new RegExp(`${secretName.source}|${worthALook.source}`, 'i');

/**
 * JSON text of any value, with secrets hidden, both by key name and within strings; `alsoHidden` names another key to hide. Never throws.
 */
export function jsonWithoutSecrets(value: unknown, alsoHidden: string | null = null): string {
  try {
    return plainJson(value, alsoHidden) ?? JSON.stringify(withoutSecrets(value, 0, alsoHidden)) ?? 'null';
  } catch {
    return '"not representable"';
  }
}

function plainJson(value: unknown, alsoHidden: string | null): string | undefined {
  try {
    const text = JSON.stringify(value);
    return mayHaveSecrets.test(text) || (alsoHidden !== null && text.includes(`"${alsoHidden}":`)) ? undefined : text;
  } catch {
    return undefined;
  }
}

function withoutSecrets(value: unknown, depth: number, alsoHidden: string | null): unknown {
  if (typeof value === 'string') return hideSecrets(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return '…';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1, alsoHidden));
  // Without a prototype, so that __proto__ is an ordinary key.
  const censoredObject = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    censoredObject[key] = key === alsoHidden || secretName.test(key) ? censored : withoutSecrets(item, depth + 1, alsoHidden);
  }
  return censoredObject;
}
