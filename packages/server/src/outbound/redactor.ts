/** What stands in an answer in the place of a secret. */
export const MARK = '[redacted]';

/**
 * Shorter ones are not looked for: they are in every text, and to take them out would tell where. In characters of the
 * form that is looked for.
 */
export const REDACTED_CHARACTERS_MIN = 8;

/** From this size on the search built into the runtime is faster than our own loop. */
const LARGE_BYTES = 4096;

type Interval = { start: number; end: number };

/**
 * Takes secrets out of what flows through it: as they are, percent-encoded, as in forms, escaped as in JSON, in
 * hexadecimal, and in base 64 whatever stands before them; wherever the chunks are cut. What cannot be part of a secret
 * leaves at once: only the longest end that could be the beginning of one is held back.
 *
 * It stops what echoes a secret. It does not stop who takes it apart, compresses or encrypts it.
 */
export class Redactor {
  readonly #patterns: readonly Pattern[];
  #held: Buffer = Buffer.alloc(0);
  /** Found in what is held. */
  #found: Interval[] = [];
  #redactions = 0;

  constructor(secrets: readonly string[]) {
    const forms = new Set(secrets.flatMap(formsOf).filter((form) => form.length >= REDACTED_CHARACTERS_MIN));
    this.#patterns = [...forms].map((form) => new Pattern(Buffer.from(form, 'latin1')));
  }

  /** How often something was taken out so far. */
  get redactions(): number {
    return this.#redactions;
  }

  /** What can be given out after this chunk. */
  push(chunk: Buffer): Buffer {
    if (this.#patterns.length === 0) return chunk;
    const offset = this.#held.length;
    const window = offset === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const found = this.#patterns.flatMap((pattern) =>
      chunk.length < LARGE_BYTES ? pattern.step(chunk, offset) : pattern.search(window, offset),
    );
    const intervals = union([...this.#found, ...found]);
    const longest = Math.max(...this.#patterns.map(({ matched }) => matched));
    return this.#giveOut(window, intervals, window.length - longest);
  }

  /** The rest. */
  end(): Buffer {
    return this.#giveOut(this.#held, this.#found, this.#held.length);
  }

  #giveOut(window: Buffer, intervals: readonly Interval[], limit: number): Buffer {
    // One that another may go on from is not given out in part.
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
    this.#held = window.subarray(cut);
    this.#found = intervals
      .filter(({ end }) => end > cut)
      .map(({ start, end }) => ({ start: start - cut, end: end - cut }));
    return Buffer.concat(parts);
  }
}

/** A whole text at once. */
export function redactText(text: string, secrets: readonly string[]): { text: string; redactions: number } {
  const redactor = new Redactor(secrets);
  const parts = [redactor.push(Buffer.from(text)), redactor.end()];
  return { text: Buffer.concat(parts).toString(), redactions: redactor.redactions };
}

/** One form of a secret, searched for by Knuth, Morris and Pratt: each byte is looked at once, however it arrives. */
class Pattern {
  readonly #bytes: Buffer;
  /** For each prefix the length of its longest border. */
  readonly #borders: Int32Array;
  /** How many bytes of it the bytes so far end with. */
  matched = 0;

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

  /** Where it ends within the next bytes; `offset` is where these begin. */
  step(chunk: Buffer, offset: number): Interval[] {
    const found: Interval[] = [];
    const bytes = this.#bytes;
    let matched = this.matched;
    for (let index = 0; index < chunk.length; index += 1) {
      while (matched > 0 && chunk[index] !== bytes[matched]) matched = this.#borders[matched - 1] ?? 0;
      if (chunk[index] === bytes[matched]) matched += 1;
      if (matched === bytes.length) {
        const end = offset + index + 1;
        found.push({ start: end - bytes.length, end });
        matched = this.#borders[matched - 1] ?? 0;
      }
    }
    this.matched = matched;
    return found;
  }

  /** The same for many bytes at once: `window` is what is held and, from `offset` on, what is new. */
  search(window: Buffer, offset: number): Interval[] {
    const found: Interval[] = [];
    const { length } = this.#bytes;
    for (let at = Math.max(0, offset - length + 1); ; at += 1) {
      at = window.indexOf(this.#bytes, at);
      if (at === -1) break;
      found.push({ start: at, end: at + length });
    }
    this.matched = 0;
    this.step(window.subarray(Math.max(0, window.length - length + 1)), 0);
    return found;
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

/** As it may be written in an answer: bytes as Latin-1. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const percent = percentEncoded(bytes, /[A-Za-z0-9\-._~]/);
  const component = percentEncoded(bytes, /[A-Za-z0-9\-._~!'()*]/);
  const form = percentEncoded(bytes, /[A-Za-z0-9\-._*]/).replaceAll('%20', '+');
  const all = percentEncoded(bytes, /(?!)/);
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [
    bytes.toString('latin1'),
    ...[percent, component, form, all].flatMap((text) => [text, lowerPercent(text)]),
    ...[json, json.replaceAll('/', String.raw`\/`)].map((text) => Buffer.from(text).toString('latin1')),
    ascii,
    ascii.replaceAll('/', String.raw`\/`),
    ascii.replace(/\\u[0-9a-f]{4}/g, upperEscape),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((before) => base64Of(bytes, before)),
  ];
}

function percentEncoded(bytes: Buffer, plain: RegExp): string {
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function lowerPercent(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

function upperEscape(code: string): string {
  return `\\u${code.slice(2).toUpperCase()}`;
}

/** Those characters that do not depend on what stands before or behind it, in both alphabets. */
function base64Of(bytes: Buffer, before: number): string[] {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  const first = [0, 2, 3][before];
  const standard = text.slice(first, Math.floor(((before + bytes.length) * 8) / 6));
  return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
}
