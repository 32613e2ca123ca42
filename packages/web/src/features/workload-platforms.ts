import type { Trust } from '../data/tokens.ts';

/** Where workloads run that have an identity token, and what stands in it there. */
export const PLATFORMS = [
  {
    id: 'github',
    title: 'GitHub Actions',
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'repo:acme/shop:ref:refs/heads/main',
    claim: 'repository_id',
    singleUse: true,
  },
  {
    id: 'gitlab',
    title: 'GitLab',
    issuer: 'https://gitlab.com',
    subject: 'project_path:acme/shop:ref_type:branch:ref:main',
    claim: 'project_id',
    singleUse: true,
  },
  {
    id: 'kubernetes',
    title: 'Kubernetes',
    issuer: 'https://kubernetes.default.svc.cluster.local',
    subject: 'system:serviceaccount:shop:backend',
    claim: undefined,
    singleUse: false,
  },
  {
    id: 'other',
    title: 'Another issuer',
    issuer: '',
    subject: '',
    claim: undefined,
    singleUse: true,
  },
] as const;

export type Platform = (typeof PLATFORMS)[number];

/** The commands by which a workload gets its service token: to be copied into its job. */
export function exchangeCommands({ id, issuer, audience }: Trust): string {
  return [
    ...identityCommands(issuer, audience),
    `COFFER_TOKEN=$(curl -sS --fail-with-body ${window.location.origin}/token/exchange \\`,
    `  -H 'Content-Type: application/json' -d @- <<JSON | jq -r .token`,
    `{"trust_id": "${id}", "identity_token": "$IDENTITY_TOKEN"}`,
    'JSON',
    ')',
    ...(platformOf(issuer) === 'github' ? ['echo "::add-mask::$COFFER_TOKEN"'] : []),
  ].join('\n');
}

function platformOf(issuer: string): Platform['id'] | undefined {
  return PLATFORMS.find((known) => known.issuer === issuer)?.id;
}

function identityCommands(issuer: string, audience: string): string[] {
  const platform = platformOf(issuer);
  if (platform === 'github')
    return [
      '# the job needs permissions: { id-token: write }',
      'IDENTITY_TOKEN=$(curl -sS -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\',
      `  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${encodeURIComponent(audience)}" | jq -r .value)`,
    ];
  if (platform === 'gitlab')
    return ['# the job needs id_tokens: { IDENTITY_TOKEN: { aud: … } } with this audience:', `# ${audience}`];
  if (platform === 'kubernetes')
    return [
      '# from a projected volume: serviceAccountToken with this audience:',
      `# ${audience}`,
      'IDENTITY_TOKEN=$(cat /var/run/secrets/tokens/coffer)',
    ];
  return ['# IDENTITY_TOKEN: the identity token of the workload, for this audience:', `# ${audience}`];
}
