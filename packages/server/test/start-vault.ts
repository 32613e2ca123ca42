import type { Client } from '../src/testing/client.ts';
import type { TestServer } from '../src/testing/server.ts';

type Place = { project_id: string; environment?: string };

/** A project with nothing in it, and its one member, who is ROOT. */
export async function startVault(server: TestServer): Promise<{ root: Client; place: Place }> {
  const root = await server.setUp();
  return { root, place: { project_id: await server.project(root) } };
}
