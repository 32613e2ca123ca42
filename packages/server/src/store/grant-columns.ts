import type { Action, EnvironmentId, KeyPattern } from '@coffer/core';

/** What a token may do, or what is given out for a trust: undefined limits nothing. */
type Grant = {
  permissions: readonly Action[];
  environments: readonly EnvironmentId[] | undefined;
  keys: readonly KeyPattern[] | undefined;
  /** Addresses and ranges that it is accepted from. */
  addresses: readonly string[] | undefined;
};

/** Lists are JSON arrays; null limits nothing. */
type GrantColumns = {
  permissions: string;
  environments: string | null;
  keys: string | null;
  addresses: string | null;
};

export function toGrantColumns({ permissions, environments, keys, addresses }: Grant): GrantColumns {
  return {
    permissions: JSON.stringify(permissions),
    environments: toJson(environments),
    keys: toJson(keys),
    addresses: toJson(addresses),
  };
}

export function toGrant(row: GrantColumns): Grant {
  return {
    permissions: JSON.parse(row.permissions) as Action[],
    environments: fromJson(row.environments) as EnvironmentId[] | undefined,
    keys: fromJson(row.keys) as KeyPattern[] | undefined,
    addresses: fromJson(row.addresses),
  };
}

function toJson(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list);
}

function fromJson(text: string | null): string[] | undefined {
  return text === null ? undefined : (JSON.parse(text) as string[]);
}
