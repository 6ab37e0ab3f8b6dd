/**
 * Text for a person's terminal. What others wrote (a broker, a caller, the owner of a database) may contain control sequences, with which it
 * could clear the screen and show something else.
 */

// Control characters but line breaks and tabs; separators of lines; marks that reverse the order in which characters are shown.
const acting = /(?![\n\t])\p{Cc}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Several lines, with `\uXXXX` in place of characters that a terminal acts upon. Keeps JSON valid, and what it says. */
export function printable(text: string): string {
  return text.replaceAll(acting, escaped);
}

/** A value within a line: line breaks are escaped too, so that it cannot pass for further lines. */
export function inLine(value: string): string {
  return value.replaceAll('\n', String.raw`\n`).replaceAll('\t', String.raw`\t`);
}

function escaped(character: string): string {
  return String.raw`\u` + character.charCodeAt(0).toString(16).padStart(4, '0');
}
