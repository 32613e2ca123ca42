import { expressionsIn, parseTemplate, vaultKeysIn, type Template } from '../expression.ts';
import type { EntryKey } from '../names.ts';
import type { RouteDefinition } from './definition.ts';
import { templatesOf, type PlacedTemplate } from './templates.ts';

/** That a route sends the value of an entry, or what is made or fetched with it, somewhere. */
export type KeyUse = { key: EntryKey; origin: string; inPath: boolean };

/** Where the values of which entries go; each once. For a definition that `checkRoute` found nothing wrong with. */
export function keyUses(route: Pick<RouteDefinition, 'request'>): KeyUse[] {
  const uses = new Map<string, KeyUse>();
  for (const placed of templatesOf(route)) {
    const inPath = placed.sink === 'path';
    for (const key of vaultKeysIn(parseTemplate(placed.text))) {
      for (const origin of originsOf(route, placed)) {
        const known = uses.get(`${key} ${origin}`);
        uses.set(`${key} ${origin}`, { key, origin, inPath: inPath || known?.inPath === true });
      }
    }
  }
  return [...uses.values()];
}

/** The entries that it names; each once, in order. */
export function routeKeys(route: Pick<RouteDefinition, 'request'>): EntryKey[] {
  return [...new Set(keyUses(route).map(({ key }) => key))].toSorted();
}

/** Whether what it stands for depends on a value of the vault. */
export function isSecret(template: Template): boolean {
  return [...expressionsIn(template)].some(({ kind }) => kind === 'vault');
}

/**
 * Everything goes to the origin of the request. What a token is fetched with goes to the token endpoint, and the token,
 * which stands for it, to the origin: whoever may not have the one may not have the other.
 */
function originsOf({ request }: Pick<RouteDefinition, 'request'>, { sink }: PlacedTemplate): string[] {
  const { auth, origin } = request;
  return sink === 'auth' && auth?.type === 'oauth2_client_credentials'
    ? [tokenOrigin(auth.token_url), origin]
    : [origin];
}

/** What stands before the path. */
export function tokenOrigin(tokenUrl: string): string {
  return /^[a-z]+:\/\/[^/?#]*/.exec(tokenUrl)?.[0] ?? '';
}
