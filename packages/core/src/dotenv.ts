/** One assignment of a dotenv text; `line` is 1 for the first line. */
export type DotenvEntry = { key: string; value: string; line: number };

export type DotenvText = {
  entries: DotenvEntry[];
  /** Lines that are neither an assignment, nor a comment, nor blank. */
  unreadableLines: number[];
};

const ASSIGNMENT = /^[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)(?:[^\S\n]*=|:[^\S\n])[^\S\n]*/;
/** In quotes that end where a comment or nothing follows; else up to a `#`. A backslash before a quote may keep it open. */
const VALUE = /('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^#\n]+)?[^\S\n]*(?:#[^\n]*)?(?![^\n])/y;
const OUTER_QUOTES = /^(?<quote>['"`])(?<inner>[\s\S]*)\k<quote>$/;
const NOTHING = /^\s*(?:#[^\n]*)?$/;

/**
 * Reads a dotenv text the way the `dotenv` package does: `KEY=value`, also with `export`; values in single quotes,
 * double quotes or backticks may span lines; `\n` and `\r` are escapes in double quotes only; what is not quoted ends
 * at a `#` and is trimmed.
 *
 * Stricter than the package in one thing: outside quotes an assignment ends with its line, and only LF, CR and CRLF end
 * lines. The package looks for a missing sign or value on the next line, so that of `A:` and `B=1` it makes `A` with
 * the value `B=1`: here that line is unreadable. It also begins a new line behind the line separators of Unicode.
 */
export function parseDotenv(text: string): DotenvText {
  const source = text.replace(/\r\n?/g, '\n');
  const found: DotenvText = { entries: [], unreadableLines: [] };
  let at = 0;
  let line = 1;
  while (at < source.length) {
    const end = endOfLine(source, at);
    const [head, key] = ASSIGNMENT.exec(source.slice(at, end)) ?? [];
    let next = end;
    if (head !== undefined && key !== undefined) {
      const read = readValue(source, at + head.length);
      found.entries.push({ key, value: read.value, line });
      next = endOfLine(source, read.end);
    } else if (!NOTHING.test(source.slice(at, end))) {
      found.unreadableLines.push(line);
    }
    line += countLines(source.slice(at, next)) + 1;
    at = next + 1;
  }
  return found;
}

function readValue(source: string, at: number): { value: string; end: number } {
  VALUE.lastIndex = at;
  const [whole = '', found = ''] = VALUE.exec(source) ?? [];
  const raw = found.trim();
  const value = raw.replace(OUTER_QUOTES, '$<inner>');
  const isEscaped = raw.startsWith('"');
  return {
    value: isEscaped ? value.replaceAll(String.raw`\n`, '\n').replaceAll(String.raw`\r`, '\r') : value,
    end: at + whole.length,
  };
}

function endOfLine(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end === -1 ? source.length : end;
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
