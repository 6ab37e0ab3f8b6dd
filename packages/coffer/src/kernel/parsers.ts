/** Setting parsers that several contexts share. */
import type { Parsed, Parser } from './settings.ts';

/** An address to listen on or to connect to. */
export type Address = { host: string; port: number };

export const onOff: Parser<boolean> = {
  type: 'on or off',
  parse: (text) => {
    const word = text.toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(word)) return { value: true };
    return ['false', '0', 'no', 'off'].includes(word) ? { value: false } : { instead: 'on or off' };
  },
};

export const anyText: Parser<string> = { type: 'text', parse: (text) => ({ value: text }) };

/** `of`: what is counted, such as "a number of days". */
export function wholeNumber(of: string, min: number, max: number): Parser<number> {
  return {
    type: `${min} to ${max}`,
    parse: (text) => {
      const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return number >= min && number <= max ? { value: number } : { instead: `${of} between ${min} and ${max}` };
    },
  };
}

export const days = wholeNumber('a number of days', 1, 36_500);
export const port = wholeNumber('a port', 1, 65_535);

export const hostAndPort: Parser<Address> = {
  type: 'host:port',
  parse: (text) => {
    const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
    const host = parts?.[1] ?? parts?.[2];
    if (!parts || host === undefined) return { instead: 'host:port, such as 127.0.0.1:50051' };
    const parsed = port.parse(parts[3] ?? '');
    return 'value' in parsed ? { value: { host, port: parsed.value } } : parsed;
  },
};

/** `example` also appears in the error message. */
export function urlOf(schemes: readonly string[], example: string): Parser<string> {
  return {
    type: 'URL',
    parse: (text) => (schemes.includes(URL.parse(text)?.protocol ?? '') ? { value: text } : { instead: example }),
  };
}

/** An address that cannot be intercepted: https, or on this machine. */
export const guardedUrl: Parser<string> = {
  type: 'URL',
  parse: (text) => {
    const url = URL.parse(text);
    const isLocal = url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
    return url?.protocol === 'https:' || isLocal ? { value: text } : { instead: 'an https URL, or an http URL of this machine' };
  },
};

/** "open or required"; "a, b or c". */
export function choiceOf(words: readonly string[]): string {
  return new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(words);
}

export function oneOfWords<const T extends string>(words: readonly T[]): Parser<T> {
  return {
    type: words.join(', '),
    parse: (text): Parsed<T> => {
      const word = words.find((known) => known === text.toLowerCase());
      return word === undefined ? { instead: choiceOf(words) } : { value: word };
    },
  };
}

const secretBytesMin = 32;

export const secretText: Parser<string> = {
  type: `at least ${secretBytesMin} bytes`,
  parse: (text) =>
    Buffer.byteLength(text) >= secretBytesMin
      ? { value: text }
      : { instead: `at least ${secretBytesMin} bytes (openssl rand -base64 48), or unset it` },
};

/** For a setting that may be absent. */
export function optional<T>(parser: Parser<T>): Parser<T | undefined> {
  return parser;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host);
}
