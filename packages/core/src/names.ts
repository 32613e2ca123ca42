import type { Brand } from './ids.ts';

/**
 * The names that people choose, and their rules. Each `check…` answers with the rule that a text breaks, as a
 * sentence that does not repeat the text, or with undefined when it breaks none.
 */
export type EntryKey = Brand<string, 'EntryKey'>;
export type ProjectId = Brand<string, 'ProjectId'>;
export type EnvironmentId = Brand<string, 'EnvironmentId'>;
export type ApiPath = Brand<string, 'ApiPath'>;
export type Username = Brand<string, 'Username'>;

// `$` without the m flag still means the end of the text in JavaScript, not "before a last newline".
export const ENTRY_KEY_PATTERN = /^[A-Z][A-Z0-9_]{0,254}$/;
export const PROJECT_ID_PATTERN = /^[a-z][a-z0-9_]{2,49}$/;
export const ENVIRONMENT_ID_PATTERN = /^[a-z][a-z0-9_-]{0,49}$/;
export const API_PATH_PATTERN = /^(?:\/[a-z0-9_-]+)+$/;
export const USERNAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export const API_PATH_CHARACTERS_MAX = 100;
export const ORIGIN_CHARACTERS_MAX = 300;
export const VALUE_BYTES_MAX = 65_536;
export const DEFAULT_ENVIRONMENT = 'default' as EnvironmentId;

/** R2. */
export function checkEntryKey(text: string): string | undefined {
  if (text.length === 0) return 'must not be empty';
  if (text.length > 255) return 'must have at most 255 characters';
  if (/[^A-Z0-9_]/.test(text)) return 'must contain only upper-case letters A-Z, digits and underscores';
  if (/^[^A-Z]/.test(text)) return 'must start with a letter A-Z';
  return undefined;
}

/** R16. */
export function checkProjectId(text: string): string | undefined {
  if (text.length < 3 || text.length > 50) return 'must have 3 to 50 characters';
  if (/[^a-z0-9_]/.test(text)) return 'must contain only lower-case letters a-z, digits and underscores';
  if (/^[^a-z]/.test(text)) return 'must start with a letter a-z';
  return undefined;
}

export function checkEnvironmentId(text: string): string | undefined {
  if (text.length < 1 || text.length > 50) return 'must have 1 to 50 characters';
  if (/[^a-z0-9_-]/.test(text))
    return 'must contain only lower-case letters a-z, digits, underscores and hyphens';
  if (/^[^a-z]/.test(text)) return 'must start with a letter a-z';
  return undefined;
}

export function checkApiPath(text: string): string | undefined {
  if (!text.startsWith('/')) return 'must start with /';
  if (text.length > API_PATH_CHARACTERS_MAX) return `must have at most ${API_PATH_CHARACTERS_MAX} characters`;
  if (/[^a-z0-9_/-]/.test(text)) return 'must contain only lower-case letters a-z, digits, _, - and /';
  if (!API_PATH_PATTERN.test(text)) return 'must not have empty segments or end with /';
  return undefined;
}

export function checkUsername(text: string): string | undefined {
  if (text.length < 1 || text.length > 100) return 'must have 1 to 100 characters';
  if (/[^A-Za-z0-9._-]/.test(text))
    return 'must contain only letters A-Z and a-z, digits, dots, underscores and hyphens';
  if (/^[^A-Za-z0-9]/.test(text)) return 'must start with a letter or a digit';
  return undefined;
}

const DNS_NAME =
  /^(?!.{254})(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const IPV4_ADDRESS = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/**
 * R29. One origin has one form: what is compared as text is the same for every program that reads it as a URL, too.
 */
export function checkOrigin(text: string): string | undefined {
  if (text.length > ORIGIN_CHARACTERS_MAX) return `must have at most ${ORIGIN_CHARACTERS_MAX} characters`;
  if (!/^https?:\/\//.test(text)) return 'must start with https:// or http://';
  if (/[^!-~]/.test(text))
    return 'must contain no spaces and only ASCII characters: other names in their xn-- form';
  if (/[A-Z]/.test(text)) return 'must be in lower case';
  if (text.includes('@')) return 'must have no user name or password';
  const [, host, port] = /^https?:\/\/(\[[0-9a-f:]+\]|[^/?#:\\]+)(?::(\d+))?$/.exec(text) ?? [];
  if (host === undefined)
    return 'must be a scheme, a host and, where it is not the usual one, a port, and nothing more: https://api.example.com';
  if (!host.startsWith('[') && !isHost(host)) return 'must have a host that is a valid name or address';
  if (port === (text.startsWith('https:') ? '443' : '80')) return 'must not say the usual port';
  // Ports beyond the last, forms of IPv4 and IPv6 that are not the shortest.
  return URL.canParse(text) && new URL(text).origin === text
    ? undefined
    : 'must be in normal form: the shortest of the host, and a port up to 65535';
}

/** Where the last label looks like a number, programs read all of it as an address, in forms that few know. */
function isHost(host: string): boolean {
  const looksLikeAddress = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host);
  return looksLikeAddress ? IPV4_ADDRESS.test(host) : DNS_NAME.test(host);
}

/** R3: any text whose UTF-8 form has at most 65,536 bytes. A lone surrogate is no text: it has no UTF-8 form. */
export function checkValue(text: string): string | undefined {
  if (!text.isWellFormed()) return 'must be Unicode text: it has a lone surrogate';
  return undefined;
}

/** The paths above an API path: of `/a/b/c` they are `/a` and `/a/b`. */
export function pathsAbove(path: string): string[] {
  const segments = path.split('/').slice(1, -1);
  return segments.map((_, index) => `/${segments.slice(0, index + 1).join('/')}`);
}

const utf8 = new TextEncoder();

/** The number of bytes of the UTF-8 form of a well-formed text. */
export function utf8Bytes(text: string): number {
  return utf8.encode(text).length;
}
