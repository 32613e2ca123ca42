import { checkEntryKey, type EntryKey } from './names.ts';

/**
 * What may stand in a template between `${{` and `}}`: a value of the vault, an input of the caller, a text, or a function
 * of these. A template is parsed once; what is filled in is never looked at again.
 *
 * ```
 * template   = { text | "${{" expression "}}" }
 * expression = "vault." KEY | "input." name | "'" text "'" | function "(" expression { "," expression } ")"
 * ```
 *
 * In a text between quotes a quote is written twice. So `${{ '${{' }}` stands for itself.
 */
export type Template = readonly Part[];

export type Part = { kind: 'text'; text: string } | Expression;

/** `at` is the offset of its first character in the template, in UTF-16 code units. */
export type Expression =
  | { kind: 'literal'; text: string; at: number }
  | { kind: 'vault'; key: EntryKey; at: number }
  | { kind: 'input'; name: string; at: number }
  | { kind: 'call'; name: FunctionName; args: readonly Expression[]; at: number };

/** With the number of arguments that each takes. */
export const FUNCTIONS = {
  /** Base 64 of the UTF-8 bytes. */
  base64: { arguments: 1, meaning: 'base 64' },
  /** Percent-encoding of all but unreserved characters (RFC 3986). */
  urlencode: { arguments: 1, meaning: 'percent-encoded, as for a part of a URL' },
  /** A JSON string, with its quotes. */
  json: { arguments: 1, meaning: 'a JSON string with its quotes' },
  /** Of the key and the message; in hexadecimal. */
  hmac_sha256: { arguments: 2, meaning: 'HMAC-SHA-256 of key and message, in hexadecimal' },
  /** What stands behind `Basic` in an Authorization header (RFC 7617). */
  basic: { arguments: 2, meaning: 'user name and password for Authorization: Basic' },
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

export const INPUT_NAME_PATTERN = /^[a-z][a-z0-9_]{0,63}$/;
const DEPTH_MAX = 16;
const OPEN = '${{';
const CLOSE = '}}';

/** What is wrong with a template, and where. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** Offset in the template, in UTF-16 code units. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/**
 * Fails with a TemplateError. `isOurs` tells, by what stands between the marks, the expressions that are for others to
 * fill: those stay text.
 */
export function parseTemplate(text: string, isOurs: (inner: string) => boolean = () => true): Template {
  const parts: Part[] = [];
  let at = 0;
  let search = 0;
  for (;;) {
    const open = text.indexOf(OPEN, search);
    if (open !== -1 && !isOurs(text.slice(open + OPEN.length, endOf(text, open)))) {
      search = open + OPEN.length;
      continue;
    }
    const literal = text.slice(at, open === -1 ? undefined : open);
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    if (open === -1) return parts;
    const reader = new Reader(text, open + OPEN.length);
    const expression = readExpression(reader, 0);
    reader.expect(CLOSE);
    parts.push(expression);
    at = reader.at;
    search = at;
  }
}

/** Where an expression that begins there ends at the latest: at the marks, at the next one, or with the text. */
function endOf(text: string, open: number): number {
  const ends = [text.indexOf(CLOSE, open), text.indexOf(OPEN, open + OPEN.length)].filter(
    (end) => end !== -1,
  );
  return Math.min(text.length, ...ends);
}

/** The expressions of a template, those inside others too. */
export function* expressionsIn(template: Template): Generator<Expression> {
  for (const part of template) if (part.kind !== 'text') yield* withArguments(part);
}

/** The keys whose values it needs, each once. */
export function vaultKeysIn(template: Template): EntryKey[] {
  return [
    ...new Set([...expressionsIn(template)].flatMap((part) => (part.kind === 'vault' ? [part.key] : []))),
  ];
}

/** The names of the inputs that it needs, each once. */
export function inputNamesIn(template: Template): string[] {
  return [
    ...new Set([...expressionsIn(template)].flatMap((part) => (part.kind === 'input' ? [part.name] : []))),
  ];
}

/** What stands for each name: text that is filled in as it is. */
export type Bindings = {
  vault: (key: EntryKey) => string;
  input: (name: string) => string;
  functions: Readonly<Record<FunctionName, (...args: string[]) => string>>;
  /** Is told what each expression stands for, those within others too. */
  onText?: (expression: Expression, text: string) => void;
};

/**
 * Fills a template in. `encode` is applied to what each expression stands for, not to the text around it: it follows
 * from the place where the template stands.
 */
export function fillTemplate(
  template: Template,
  bindings: Bindings,
  encode: (text: string) => string = (text) => text,
): string {
  return template
    .map((part) => (part.kind === 'text' ? part.text : encode(evaluateExpression(part, bindings))))
    .join('');
}

/** What it stands for. */
export function evaluateExpression(expression: Expression, bindings: Bindings): string {
  const text = textOf(expression, bindings);
  bindings.onText?.(expression, text);
  return text;
}

function textOf(expression: Expression, bindings: Bindings): string {
  switch (expression.kind) {
    case 'literal':
      return expression.text;
    case 'vault':
      return bindings.vault(expression.key);
    case 'input':
      return bindings.input(expression.name);
    case 'call':
      return bindings.functions[expression.name](
        ...expression.args.map((each) => evaluateExpression(each, bindings)),
      );
  }
}

function* withArguments(expression: Expression): Generator<Expression> {
  yield expression;
  if (expression.kind === 'call') for (const each of expression.args) yield* withArguments(each);
}

class Reader {
  readonly text: string;
  at: number;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** What a pattern with the flag y matches here, if it does; blanks before it are passed over. */
  take(pattern: RegExp): string | undefined {
    this.skipBlanks();
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.text) ?? [];
    this.at += found?.length ?? 0;
    return found;
  }

  skipBlanks(): void {
    while (/[ \t]/.test(this.text[this.at] ?? '')) this.at += 1;
  }

  expect(symbol: string): void {
    this.skipBlanks();
    if (!this.text.startsWith(symbol, this.at))
      throw new TemplateError(`${symbol} is expected here`, this.at);
    this.at += symbol.length;
  }
}

function readExpression(reader: Reader, depth: number): Expression {
  reader.skipBlanks();
  const { at } = reader;
  if (depth > DEPTH_MAX) throw new TemplateError(`functions are nested more than ${DEPTH_MAX} deep`, at);
  if (reader.text[at] === "'") return readLiteral(reader);
  const name = reader.take(/[A-Za-z_][A-Za-z0-9_]*/y);
  if (name === undefined)
    throw new TemplateError("vault.KEY, input.name, a function or a 'text' is expected here", at);
  if (reader.text[reader.at] === '.') return readReference(reader, name, at);
  if (reader.take(/\(/y) === undefined)
    throw new TemplateError('names stand behind vault. or input., texts in quotes', at);
  return readCall(reader, name, { at, depth });
}

function readLiteral(reader: Reader): Expression {
  const { at } = reader;
  const quoted = reader.take(/'(?:[^']|'')*'/y);
  if (quoted === undefined) throw new TemplateError('the text has no closing quote', at);
  return { kind: 'literal', text: quoted.slice(1, -1).replaceAll("''", "'"), at };
}

function readReference(reader: Reader, from: string, at: number): Expression {
  reader.at += 1;
  const start = reader.at;
  const name = /[A-Za-z0-9_]*/y;
  name.lastIndex = start;
  const [found = ''] = name.exec(reader.text) ?? [];
  reader.at += found.length;
  if (from === 'vault') {
    const broken = checkEntryKey(found);
    if (broken !== undefined) throw new TemplateError(`the key ${broken}`, start);
    return { kind: 'vault', key: found as EntryKey, at };
  }
  if (from !== 'input') throw new TemplateError('only vault. and input. have names behind them', at);
  if (!INPUT_NAME_PATTERN.test(found))
    throw new TemplateError('the name of an input has lower-case letters a-z, digits and underscores', start);
  return { kind: 'input', name: found, at };
}

function readCall(reader: Reader, name: string, { at, depth }: { at: number; depth: number }): Expression {
  if (!isFunctionName(name))
    throw new TemplateError(`there is no such function; there are ${Object.keys(FUNCTIONS).join(', ')}`, at);
  const args = [readExpression(reader, depth + 1)];
  while (reader.take(/,/y) !== undefined) args.push(readExpression(reader, depth + 1));
  reader.expect(')');
  const wanted = FUNCTIONS[name].arguments;
  if (args.length !== wanted) throw new TemplateError(`${name} takes ${wanted}, not ${args.length}`, at);
  return { kind: 'call', name, args, at };
}

function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(FUNCTIONS, name);
}
