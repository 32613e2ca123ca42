import { parseDotenv } from './dotenv.ts';

export type DotenvFormat = {
  text: string;
  /** Keys of what the format has no way to write; they are missing from the text. */
  inexpressible: string[];
};

const KEY = /^[\w.-]+$/;
/** Safe without quotes, for a shell that reads the file, too. */
const PLAIN = /^[\w./:@%+,=-]+$/;
const ESCAPE = /\\[nr]/;
/** Where the `dotenv` package sees the end of a line, or of what may be in quotes without ending them. */
const BREAKS_LINE = /[#\n\r\u2028\u2029]/;

/**
 * Writes a dotenv text that `parseDotenv` and the `dotenv` package read back as the same values, one assignment after the
 * other in the given order.
 *
 * The format has no escape for a quote. What holds none of one kind is put into quotes of that kind. What holds all three
 * is put into quotes all the same when it fits on one line without a `#`: readers see that the first quote within
 * does not end the value, take the whole line, and strip the outer quotes. The rest cannot be written.
 */
export function formatDotenv(entries: Iterable<readonly [key: string, value: string]>): DotenvFormat {
  const lines: string[] = [];
  const inexpressible: string[] = [];
  for (const [key, value] of entries) {
    const line = KEY.test(key) ? formatLine(key, value) : undefined;
    if (line === undefined) inexpressible.push(key);
    else lines.push(`${line}\n`);
  }
  return { text: lines.join(''), inexpressible };
}

function formatLine(key: string, value: string): string | undefined {
  const written = PLAIN.test(value) ? value : quotedForms(value).find((form) => readsBackAs(form, value));
  return written === undefined ? undefined : `${key}=${written}`;
}

/** The ways to write the value, the plainest first. Not every one is right for every value. */
function quotedForms(value: string): string[] {
  // Two characters that would be read as one between double quotes.
  const escaped = ESCAPE.test(value)
    ? undefined
    : value.replaceAll('\n', String.raw`\n`).replaceAll('\r', String.raw`\r`);
  const forms: string[] = [];
  for (const quote of ["'", '"', '`']) {
    if (!value.includes(quote) && !value.includes('\r') && !(quote === '"' && ESCAPE.test(value)))
      forms.push(quote + value + closing(quote, value));
  }
  if (escaped !== undefined && !escaped.includes('"')) forms.push(`"${escaped}${closing('"', escaped)}`);
  if (!BREAKS_LINE.test(value)) forms.push(`'${value}${closing("'", value)}`);
  if (escaped !== undefined && !BREAKS_LINE.test(escaped)) forms.push(`"${escaped}${closing('"', escaped)}`);
  return forms;
}

/**
 * A backslash before the last quote could mean that the value goes on, up to the next quote that ends a line. A comment
 * with such a quote in the middle of a line leaves one way to read it.
 */
function closing(quote: string, value: string): string {
  return value.endsWith('\\') ? `${quote} #${quote}.` : quote;
}

function readsBackAs(written: string, value: string): boolean {
  const { entries, unreadableLines } = parseDotenv(`K=${written}`);
  return entries.length === 1 && unreadableLines.length === 0 && entries[0]?.value === value;
}
