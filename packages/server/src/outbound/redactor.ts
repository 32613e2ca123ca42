import {
  FORM_ENCODED,
  JSON_ESCAPED,
  MARKUP_ESCAPED,
  PERCENT_ENCODED,
  viewThrough,
  type Encoding,
  type View,
} from './views.ts';

/** What stands in an answer in the place of a secret. */
export const MARK = '[redacted]';

/**
 * Shorter ones are not looked for: they are in every text, and to take them out would tell where. In bytes of UTF-8.
 */
const REDACTED_BYTES_MIN = 8;

/** Whether it is long enough to be taken out in every form in which a reader has it, without blanks around it as well. */
export function canRedact(secret: string): boolean {
  return plainForms(secret).every(({ length }) => length >= REDACTED_BYTES_MIN);
}

/** As much as one byte takes in what is looked for at most: an escape within an escape, in base 64. */
const BYTES_PER_BYTE_MAX = 10;
/** Of a part that has no end. */
const PART_BYTES_MAX = 1024 * 1024;

/** Each encoding, and it twice: a URL in a URL, JSON in JSON. */
const ENCODINGS: readonly (readonly Encoding[])[] = [
  [PERCENT_ENCODED],
  [PERCENT_ENCODED, PERCENT_ENCODED],
  [PERCENT_ENCODED, JSON_ESCAPED],
  [FORM_ENCODED],
  [FORM_ENCODED, JSON_ESCAPED],
  [JSON_ESCAPED],
  [JSON_ESCAPED, JSON_ESCAPED],
  [JSON_ESCAPED, PERCENT_ENCODED],
  [JSON_ESCAPED, MARKUP_ESCAPED],
  [MARKUP_ESCAPED],
  [MARKUP_ESCAPED, JSON_ESCAPED],
  [MARKUP_ESCAPED, PERCENT_ENCODED],
];

type Interval = { start: number; end: number };

/** What is to be taken out of all parts of an answer. */
export class Secrets {
  /** In the forms that are looked for as they are. */
  readonly #forms: readonly Pattern[];
  /** Those that are also looked for behind each encoding. */
  readonly #plain: readonly Pattern[];
  /** In base 64, where that has characters that an encoding may escape: looked for behind each. */
  readonly #escapable: readonly Pattern[];
  /** That one can take in an answer at most. */
  readonly bytesMax: number;

  constructor(secrets: readonly string[]) {
    const plain = distinct(secrets.flatMap(plainForms));
    this.#plain = plain.map((bytes) => new Pattern(bytes));
    this.#escapable = distinct(
      plain.flatMap((bytes) =>
        [0, 1, 2].flatMap((before) => base64Of(bytes, before).map((text) => Buffer.from(text))),
      ),
    )
      .filter((bytes) => /[+/]/.test(bytes.toString('latin1')))
      .map((bytes) => new Pattern(bytes));
    this.#forms = distinct(plain.flatMap(otherForms)).map((bytes) => new Pattern(bytes));
    this.bytesMax = Math.max(0, ...plain.map(({ length }) => length)) * BYTES_PER_BYTE_MAX;
  }

  /**
   * Whether none of them can go on behind the end of such a part. It is bytes that end one: those of a letter in UTF-16
   * may do it, and the first byte of a secret with what stands before it.
   */
  areWithin(parts: Exclude<Parts, 'none'>): boolean {
    const end = { events: /^[\r\n]|\r\r|\n\r?\n/, lines: /[\r\n]/ }[parts];
    return ![...this.#plain, ...this.#forms].some((pattern) => pattern.has(end));
  }

  get isEmpty(): boolean {
    return this.#plain.length === 0;
  }

  /** Where they are, in order, those that overlap as one. */
  find(bytes: Buffer): Interval[] {
    const found = [...this.#forms, ...this.#plain].flatMap((pattern) => pattern.find(bytes));
    for (const encodings of ENCODINGS) found.push(...this.#findBehind(encodings, bytes));
    return found.length === 0 ? found : union(found);
  }

  #findBehind([outer, inner]: readonly Encoding[], bytes: Buffer): Interval[] {
    const view = outer && viewThrough(outer, bytes);
    if (view === undefined) return [];
    if (inner === undefined)
      return [...this.#plain, ...this.#escapable].flatMap((pattern) => pattern.findBehind(view, bytes));
    const second = viewThrough(inner, view.bytes);
    if (second === undefined) return [];
    const inSource = (at: number): number => view.starts[at] ?? 0;
    const both = { bytes: second.bytes, starts: second.starts.map(inSource) };
    // A mark of either may stand before it for nothing.
    return this.#plain.flatMap((pattern) => [
      ...pattern.findBehind(both, bytes),
      ...pattern
        .findBehind(second, view.bytes)
        .map(({ start, end }) => ({ start: inSource(start), end: inSource(end) })),
    ]);
  }
}

/** Where an answer may be cut without cutting a secret: events and lines are passed on as soon as they are whole. */
export type Parts = 'events' | 'lines' | 'none';

/**
 * Takes secrets out of what flows through it: as they are, hexadecimal, in base 64 whatever stands before them, in UTF-16,
 * and behind the escapes of URLs, forms, JSON and markup; wherever the chunks are cut.
 *
 * How much is held back never depends on what the bytes are: who sees when they come would learn, letter by letter, how
 * much of a secret a text of their own begins with.
 *
 * It stops what echoes a secret. It does not stop who takes it apart, compresses or encrypts it.
 */
export class Redactor {
  readonly #secrets: Secrets;
  readonly #parts: Parts;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** How many of them were looked through before. */
  #seen = 0;
  #redactions = 0;

  constructor(secrets: Secrets, parts: Parts = 'none') {
    this.#secrets = secrets;
    this.#parts = parts !== 'none' && secrets.areWithin(parts) ? parts : 'none';
  }

  /** How often something was taken out so far. */
  get redactions(): number {
    return this.#redactions;
  }

  /** What can be given out after this chunk. */
  push(chunk: Buffer): Buffer {
    if (this.#secrets.isEmpty) return chunk;
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    const isWhole = this.#parts !== 'none' && hasEnd(chunk) && this.#heldBytes <= PART_BYTES_MAX;
    // Not for each few bytes: each look is at what is held as well.
    const isEnough =
      (this.#parts === 'none' || this.#heldBytes > PART_BYTES_MAX) &&
      this.#heldBytes - this.#seen >= this.#secrets.bytesMax;
    if (!isWhole && !isEnough) return Buffer.alloc(0);
    const window = this.#join();
    return this.#giveOut(
      window,
      isWhole ? endOfParts(window, this.#parts) : window.length - this.#secrets.bytesMax,
    );
  }

  /** The rest. */
  end(): Buffer {
    const window = this.#join();
    return this.#giveOut(window, window.length);
  }

  #join(): Buffer {
    const window = Buffer.concat(this.#held);
    this.#held = [window];
    return window;
  }

  #giveOut(window: Buffer, limit: number): Buffer {
    if (limit <= 0) return Buffer.alloc(0);
    const intervals = this.#secrets.find(window);
    // One that goes on behind the limit is given out later, as a whole.
    const cut = intervals.reduce(
      (least, { start, end }) => (start < least && least < end ? start : least),
      limit,
    );
    const parts: Buffer[] = [];
    let at = 0;
    for (const { start, end } of intervals) {
      if (end > cut) break;
      parts.push(window.subarray(at, start), Buffer.from(MARK));
      this.#redactions += 1;
      at = end;
    }
    parts.push(window.subarray(at, cut));
    const rest = window.subarray(cut);
    this.#held = [rest];
    this.#heldBytes = rest.length;
    this.#seen = rest.length;
    return Buffer.concat(parts);
  }
}

/** A whole text of Latin-1 at once, as headers are. */
export function redactHeader(value: string, secrets: Secrets): { text: string; redactions: number } {
  const redactor = new Redactor(secrets);
  const parts = [redactor.push(Buffer.from(value, 'latin1')), redactor.end()];
  return { text: Buffer.concat(parts).toString('latin1'), redactions: redactor.redactions };
}

const LINE_FEED = 0x0a;
const RETURN = 0x0d;

function hasEnd(chunk: Buffer): boolean {
  return chunk.includes(LINE_FEED) || chunk.includes(RETURN);
}

/** Behind the last blank line, or the last line. */
function endOfParts(window: Buffer, parts: Parts): number {
  const ends = parts === 'lines' ? ['\n'] : ['\n\n', '\r\n\r\n', '\r\r'];
  return Math.max(0, ...ends.map((end) => window.lastIndexOf(end) + (window.includes(end) ? end.length : 1)));
}

/** An escape has at most so many characters behind its mark that could be those of a secret. */
const SWALLOWED_MAX = 5;

/** One form of a secret. */
class Pattern {
  readonly #bytes: Buffer;
  #rest: Pattern | undefined;
  /** For each prefix the length of its longest border. */
  readonly #borders: Int32Array;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#borders = new Int32Array(bytes.length);
    let border = 0;
    for (let index = 1; index < bytes.length; index += 1) {
      while (border > 0 && bytes[index] !== bytes[border]) border = this.#borders[border - 1] ?? 0;
      if (bytes[index] === bytes[border]) border += 1;
      this.#borders[index] = border;
    }
  }

  /** Whether it, as Latin-1, has what an expression without state matches. */
  has(expression: RegExp): boolean {
    return expression.test(this.#bytes.toString('latin1'));
  }

  /**
   * Where it is, also where it overlaps itself. The first by the search that is built into the runtime; from there on by
   * Knuth, Morris and Pratt, who look at each byte once.
   */
  find(text: Buffer): Interval[] {
    const first = text.indexOf(this.#bytes);
    if (first === -1) return [];
    const found: Interval[] = [];
    const bytes = this.#bytes;
    let matched = 0;
    for (let index = first; index < text.length; index += 1) {
      while (matched > 0 && text[index] !== bytes[matched]) matched = this.#borders[matched - 1] ?? 0;
      if (text[index] === bytes[matched]) matched += 1;
      if (matched < bytes.length) continue;
      found.push({ start: index + 1 - bytes.length, end: index + 1 });
      matched = this.#borders[matched - 1] ?? 0;
    }
    return found;
  }

  /**
   * Where it is once an encoding is taken off. A mark that stands before it for nothing, as in `%` and a secret that
   * begins with two digits, may have swallowed its first characters: so what is looked for is the rest of it.
   */
  findBehind({ bytes, starts }: View, source: Buffer): Interval[] {
    const skipped = Math.min(SWALLOWED_MAX, this.#bytes.length - 1);
    this.#rest ??= new Pattern(this.#bytes.subarray(skipped));
    return this.#rest.find(bytes).flatMap(({ start, end }) => {
      for (let swallowed = 0; swallowed <= skipped; swallowed += 1) {
        const from = start - (skipped - swallowed);
        const begin = (starts[from] ?? 0) - swallowed;
        const isHere =
          from >= 0 &&
          begin >= 0 &&
          this.#bytes.subarray(swallowed, skipped).equals(bytes.subarray(from, start)) &&
          this.#bytes.subarray(0, swallowed).equals(source.subarray(begin, begin + swallowed));
        if (isHere) return [{ start: begin, end: starts[end] ?? 0 }];
      }
      return [];
    });
  }
}

function union(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const interval of intervals.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const last = merged.at(-1);
    if (last !== undefined && interval.start < last.end) last.end = Math.max(last.end, interval.end);
    else merged.push({ ...interval });
  }
  return merged;
}

function distinct(forms: readonly Buffer[]): Buffer[] {
  const known = new Map(forms.map((bytes) => [bytes.toString('latin1'), bytes]));
  return [...known.values()].filter(({ length }) => length >= REDACTED_BYTES_MIN);
}

/** As a reader has it: whole, without blanks around it, with the other line breaks, in UTF-8 and Latin-1. */
function plainForms(secret: string): Buffer[] {
  const texts = [secret, secret.trim()].flatMap((text) => [text, text.replaceAll(/\r?\n/g, '\r\n')]);
  return texts.flatMap((text) => [
    Buffer.from(text),
    ...(/^[\0-\u00ff]*$/.test(text) ? [Buffer.from(text, 'latin1')] : []),
    // UTF-8 that was taken for Latin-1.
    Buffer.from(Buffer.from(text).toString('latin1')),
  ]);
}

function otherForms(plain: Buffer): Buffer[] {
  const text = plain.toString();
  const hex = plain.toString('hex');
  const wide = Buffer.from(text, 'utf16le');
  const inner = [0, 1, 2].flatMap((before) => base64Of(plain, before));
  const json = Buffer.from(JSON.stringify(text).slice(1, -1));
  return [
    Buffer.from(hex),
    Buffer.from(hex.toUpperCase()),
    wide,
    Buffer.from(wide).swap16(),
    ...inner.map((form) => Buffer.from(form)),
    ...[...inner.map((form) => Buffer.from(form)), json].flatMap((form) =>
      [0, 1, 2].flatMap((before) => base64Of(form, before).map((each) => Buffer.from(each))),
    ),
  ];
}

/** Those characters that do not depend on what stands before or behind it, in both alphabets. */
function base64Of(bytes: Buffer, before: number): string[] {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  const first = [0, 2, 3][before];
  const standard = text.slice(first, Math.floor(((before + bytes.length) * 8) / 6));
  return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
}
