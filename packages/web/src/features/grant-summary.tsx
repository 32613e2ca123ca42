import type { ReactNode } from 'react';
import type { AccessToken } from '../data/tokens.ts';
import { permissionTitle, summarizePermissions } from './permissions.ts';

type Grant = Pick<AccessToken, 'permissions' | 'environments' | 'keys' | 'addresses'>;

/** What a token may do, in short; all of it on hover. */
export function GrantSummary({ grant }: { grant: Grant }): ReactNode {
  const { permissions, environments, keys, addresses } = grant;
  const limits = [
    environments === null ? '' : `in ${environments.join(', ')}`,
    keys === null ? '' : keys.join(', '),
    addresses === null ? '' : `from ${addresses.join(', ')}`,
  ].filter(Boolean);
  return (
    <>
      <span title={permissions.map(permissionTitle).join(', ')}>{summarizePermissions(permissions)}</span>
      {limits.length > 0 && (
        <span className="line-clamp-2 block font-mono text-xs wrap-anywhere text-muted">
          {limits.join(' · ')}
        </span>
      )}
    </>
  );
}
