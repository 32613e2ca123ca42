import { pathSegments, type RouteMethod } from '@coffer/core';
import type { Reader } from '../store/database.ts';
import { findApiPath, findCalledRoute, listCandidateRoutes, type RouteWithVersion } from '../store/routes.ts';

export type CalledRoute = RouteWithVersion & {
  /** What stands in the path for its `:name` parts. */
  params: Readonly<Record<string, string>>;
};

const SEGMENTS_MAX = 64;

/** The route that a call means, by the path behind the prefix as it was sent; undefined: there is none. */
export async function matchRoute(
  db: Reader,
  method: RouteMethod,
  rawPath: string,
): Promise<CalledRoute | undefined> {
  const raw = rawPath.slice(1).split('/');
  if (!rawPath.startsWith('/') || raw.length > SEGMENTS_MAX) return undefined;
  // API paths have no characters that are escaped.
  const prefixes = raw.map((_, index) => `/${raw.slice(0, index + 1).join('/')}`);
  const apiPath = await findApiPath(db, prefixes);
  if (apiPath === undefined) return undefined;
  const segments = raw.slice(pathSegments(apiPath).length).map(decode);
  const candidates = await listCandidateRoutes(db, { apiPath, method, segments: segments.length });
  const [best] = candidates
    .map((route) => ({ route, pattern: pathSegments(route.path) }))
    .filter(({ pattern }) => pattern.every((part, index) => isMatch(part, segments[index])))
    .toSorted((a, b) => compare(a.pattern, b.pattern));
  if (best === undefined) return undefined;
  const found = await findCalledRoute(db, best.route);
  // It may have been deleted or moved in between.
  if (found?.route.path !== best.route.path) return undefined;
  return { ...found, params: paramsOf(best.pattern, segments) };
}

function isMatch(part: string, segment: string | undefined): boolean {
  return part.startsWith(':') ? segment !== undefined && segment !== '' : part === segment;
}

/** A literal before a name, from the left: then there is one best. */
function compare(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((part, at) => part.startsWith(':') !== b[at]?.startsWith(':'));
  return index === -1 ? 0 : Number(a[index]?.startsWith(':')) - Number(b[index]?.startsWith(':'));
}

function paramsOf(pattern: readonly string[], segments: readonly (string | undefined)[]) {
  return Object.fromEntries(
    pattern.flatMap((part, index) =>
      part.startsWith(':') ? [[part.slice(1), segments[index] ?? ''] as const] : [],
    ),
  );
}

/** Undefined: it is no percent-encoded UTF-8, and matches nothing. */
function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
