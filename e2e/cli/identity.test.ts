import { expect, test } from 'vitest';
import { Issuer } from '../../packages/server/src/testing/issuer.ts';
import { startTestServer } from '../../packages/server/src/testing/server.ts';
import { Person } from './support.ts';

test('a CI job exchanges its identity token, reads what the trust gives, and signs out', async () => {
  await using issuer = await Issuer.start();
  await using server = await startTestServer({ config: { egressAllow: [issuer.url] } });
  using job = new Person();
  const root = await server.setUp();
  const project_id = await server.project(root);
  await root.ok('vault_create', { project_id, key: 'DATABASE_URL', value: 'postgres://db' });
  const identity = { aud: 'coffer', sub: 'repo:acme/shop:ref:refs/heads/main' };
  const { trust } = await root.ok('token_trust_create', {
    project_id,
    name: 'Deploy',
    issuer: issuer.url,
    audience: identity.aud,
    subject: identity.sub,
    permissions: ['vault.view'],
  });
  const iat = Math.floor(Date.now() / 1000);
  const input = await issuer.token({ iss: issuer.url, ...identity, iat, exp: iat + 60 });

  const login = ['login', server.app.url, '--trust', trust.id];
  await job.ok(login, { input });
  expect(await job.ok(['whoami'])).toContain('service token');
  const script = ['sh', '-c', 'printf %s "$DATABASE_URL"'];
  expect(await job.ok(['run', '--only', 'DATABASE_URL', '--project', project_id, '--', ...script])).toBe(
    'postgres://db',
  );

  const again = await job.run(login, { input });
  expect(again.code).toBe(3);
  expect(again.err).toContain('it was exchanged before');
  await job.ok(['logout']);
  expect((await job.run(['whoami'])).code).not.toBe(0);
});
