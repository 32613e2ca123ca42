/** Bytes as they read once an encoding is taken off, and for each of them where it began; the last entry is the end. */
export type View = { bytes: Buffer; starts: Int32Array };

type Decode = (bytes: Buffer, at: number) => Decoded | undefined;
/** What an escape stands for, and how long it is. */
type Decoded = { value: readonly number[] | Buffer; length: number };

/**
 * Takes an encoding off. What is no escape stays as it is. Undefined: there is nothing that could be one, and the view
 * would be the bytes themselves.
 */
export function viewThrough({ marks, decode }: Encoding, bytes: Buffer): View | undefined {
  if (!marks.some((mark) => bytes.includes(mark))) return undefined;
  const out = Buffer.allocUnsafe(bytes.length);
  const starts = new Int32Array(bytes.length + 1);
  let to = 0;
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    const decoded = marks.includes(byte) ? decode(bytes, at) : undefined;
    // An escape is never shorter than what it stands for.
    for (const value of decoded?.value ?? [byte]) {
      out[to] = value;
      starts[to] = at;
      to += 1;
    }
    at += decoded?.length ?? 1;
  }
  starts[to] = bytes.length;
  return { bytes: out.subarray(0, to), starts: starts.subarray(0, to + 1) };
}

export type Encoding = { marks: readonly number[]; decode: Decode };

const code = (character: string): number => character.charCodeAt(0);
const PERCENT = code('%');
const PLUS = code('+');
const BACKSLASH = code('\\');
const AMPERSAND = code('&');
const SPACE = [code(' ')];

const percent: Decode = (bytes, at) => {
  const value = hexAt(bytes, at + 1, 2);
  return value === undefined ? undefined : { value: [value], length: 3 };
};

/** RFC 3986, 2.1; in either case, of whatever characters. */
export const PERCENT_ENCODED: Encoding = { marks: [PERCENT], decode: percent };

/** The same with `+` for a blank. */
export const FORM_ENCODED: Encoding = {
  marks: [PERCENT, PLUS],
  decode: (bytes, at) => (bytes[at] === PLUS ? { value: SPACE, length: 1 } : percent(bytes, at)),
};

const JSON_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  "'": "'",
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Escapes of JSON strings, and of the languages whose strings are like them. */
export const JSON_ESCAPED: Encoding = {
  marks: [BACKSLASH],
  decode: (bytes, at) => {
    const letter = String.fromCharCode(bytes[at + 1] ?? 0);
    const plain = JSON_ESCAPES[letter];
    if (plain !== undefined) return { value: [code(plain)], length: 2 };
    if (letter === 'x') {
      const value = hexAt(bytes, at + 2, 2);
      return value === undefined ? undefined : { value: Buffer.from(String.fromCharCode(value)), length: 4 };
    }
    const unit = letter === 'u' ? hexAt(bytes, at + 2, 4) : undefined;
    if (unit === undefined) return undefined;
    const isPair =
      unit >= 0xd800 && unit < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === code('u');
    const second = isPair ? hexAt(bytes, at + 8, 4) : undefined;
    return second === undefined
      ? { value: Buffer.from(String.fromCharCode(unit)), length: 6 }
      : { value: Buffer.from(String.fromCharCode(unit, second)), length: 12 };
  },
};

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};
const ENTITY_CHARACTERS_MAX = 12;

/** Character references of HTML and XML: those of markup by name, all others by number. */
export const MARKUP_ESCAPED: Encoding = {
  marks: [AMPERSAND],
  decode: (bytes, at) => {
    const text = bytes.toString('latin1', at, at + ENTITY_CHARACTERS_MAX);
    const [whole, name, decimal, hexadecimal] =
      /^&(?:([a-z]+)|#(\d{1,7})|#[xX]([\dA-Fa-f]{1,6}));/.exec(text) ?? [];
    if (whole === undefined) return undefined;
    const point =
      decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number.parseInt(decimal, 10);
    const value =
      name === undefined ? (point <= 0x10ffff ? String.fromCodePoint(point) : undefined) : ENTITIES[name];
    return value === undefined ? undefined : { value: Buffer.from(value), length: whole.length };
  },
};

function hexAt(bytes: Buffer, at: number, digits: number): number | undefined {
  const text = bytes.toString('latin1', at, at + digits);
  return text.length === digits && /^[\dA-Fa-f]+$/.test(text) ? Number.parseInt(text, 16) : undefined;
}
