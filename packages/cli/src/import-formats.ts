import { checkEntryKey, parseDotenv, utf8Bytes, VALUE_BYTES_MAX } from '@coffer/core';
import { CliError } from './cli-error.ts';

export const IMPORT_FORMATS = ['dotenv', 'json', 'yaml'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

export type ImportFile = {
  /** Values by key; of several assignments to a key the last. */
  values: Map<string, string>;
  /** What cannot be imported, by its key or line, and why. Never a value. */
  refused: { what: string; why: string }[];
};

type Candidate = { key: string; value: unknown; line?: number };

/** By the name of the file. A dotenv file has many names. */
export function formatByName(path: string): ImportFormat {
  if (/\.json$/i.test(path)) return 'json';
  if (/\.ya?ml$/i.test(path)) return 'yaml';
  return 'dotenv';
}

/** Fails with `file_invalid` when it is not what the format says. */
export async function readImport(format: ImportFormat, text: string, path: string): Promise<ImportFile> {
  const file: ImportFile = { values: new Map(), refused: [] };
  for (const candidate of await CANDIDATES[format](text, path, file)) {
    const why = reasonToRefuse(candidate);
    if (why === undefined) file.values.set(candidate.key, candidate.value as string);
    else file.refused.push({ what: nameOf(candidate), why });
  }
  return file;
}

const CANDIDATES: Readonly<
  Record<ImportFormat, (text: string, path: string, file: ImportFile) => Promise<Candidate[]> | Candidate[]>
> = {
  dotenv: (text, _, { refused }) => {
    const { entries, unreadableLines } = parseDotenv(text);
    for (const line of unreadableLines) refused.push({ what: `line ${line}`, why: 'is no assignment' });
    return entries;
  },
  json: (text, path) => {
    try {
      return candidatesOf(
        JSON.parse(text.replace(/^\ufeff/, ''), sourceOfScalars as JsonReviver),
        'JSON',
        path,
      );
    } catch (error) {
      if (error instanceof CliError) throw error;
      throw notA('JSON', path);
    }
  },
  yaml: async (text, path) => {
    // Large, and needed here only.
    const { isAlias, isMap, isScalar, parseDocument } = await import('yaml');
    // All scalars are texts, as they are written: 1.10 and 0123 are no numbers. What it would warn of repeats values.
    const options = {
      schema: 'failsafe',
      uniqueKeys: true,
      prettyErrors: false,
      logLevel: 'silent',
    } as const;
    const document = attempt(() => parseDocument(text, options));
    if (document === undefined || document.errors.length > 0 || !isMap(document.contents))
      throw notA('YAML', path);
    return document.contents.items.map(({ key, value }) => {
      // What is within a list or a map is not looked at: names in it may stand for more than fits into memory.
      const target = isAlias(value) ? value.resolve(document) : value;
      return {
        key: isScalar(key) ? String(key.value) : '',
        value: target === null ? null : isScalar(target) ? textOf(target) : undefined,
      };
    });
  },
};

/** Undefined where the document cannot be taken apart, as when it is nested too deeply. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

type YamlScalar = { value: unknown; type?: string; tag?: string };

/** Null in its many forms, and undefined for what has a type of its own. */
function textOf({ value, type, tag }: YamlScalar): unknown {
  if (tag !== undefined && tag !== '!' && !/^tag:yaml\.org,2002:(str|int|float|bool|null)$/.test(tag))
    return undefined;
  if (tag === 'tag:yaml.org,2002:null') return null;
  if (type === 'PLAIN' && tag === undefined && NULLS.test(String(value))) return null;
  return value;
}

const NULLS = /^(|~|null|Null|NULL)$/;

type JsonReviver = (this: unknown, key: string, value: unknown) => unknown;

/** A number or a truth value as it is written. */
function sourceOfScalars(_: string, value: unknown, { source }: { source?: string }): unknown {
  return (typeof value === 'number' || typeof value === 'boolean') && source !== undefined ? source : value;
}

function candidatesOf(content: unknown, format: string, path: string): Candidate[] {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw notA(format, path);
  return Object.entries(content).map(([key, value]) => ({ key, value: value as unknown }));
}

function reasonToRefuse({ key, value }: Candidate): string | undefined {
  const broken = checkEntryKey(key);
  if (broken !== undefined) return broken;
  if (value === null) return 'has no value; an empty one is written ""';
  if (typeof value !== 'string') return 'must be a text, a number or a truth value';
  if (!value.isWellFormed()) return 'must be Unicode text';
  return utf8Bytes(value) > VALUE_BYTES_MAX ? `must have at most ${VALUE_BYTES_MAX} bytes` : undefined;
}

/** A key that is none may be a part of a value that went astray. */
function nameOf({ key, line }: Candidate): string {
  if (checkEntryKey(key) === undefined || /^[\w.-]{1,40}$/.test(key)) return key;
  return line === undefined ? 'a key' : `line ${line}`;
}

function notA(format: string, path: string): CliError {
  return new CliError('file_invalid', {
    path,
    why: `is not ${format} of keys and values`,
    remedy: 'correct it, or say what it is with --format',
  });
}
