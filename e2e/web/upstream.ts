import type { IncomingMessage, ServerResponse } from 'node:http';
import { ScriptedServer } from '../../packages/server/src/testing/scripted-server.ts';
import { ServerProcess } from '../../packages/server/src/testing/process.ts';
import { test as base, Web } from './browser.ts';

/** An outside API on loopback: it answers with what it was sent, and at /page with a page that means harm. */
export const HARM =
  '<script>window.harmed = true</script><img src=x onerror="window.harmed = true"><h1>Harm</h1>';

function answer(response: ServerResponse, request: IncomingMessage): void {
  if (request.url === '/page') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(HARM);
    return;
  }
  const { method, url, headers } = request;
  response.writeHead(201, { 'content-type': 'application/json', 'x-hidden': 'not passed on' });
  response.end(JSON.stringify({ method, url, authorization: headers.authorization ?? null }));
}

/** With a server that may call the outside API. */
export const test = base.extend<{ upstream: ScriptedServer; web: Web }>({
  upstream: [
    // oxlint-disable-next-line no-empty-pattern -- Vitest reads from it that there is nothing that this needs.
    async ({}, use) => {
      await using upstream = await ScriptedServer.start(answer);
      await use(upstream);
    },
    { scope: 'file' },
  ],
  web: [
    async ({ browser, upstream }, use) => {
      await using server = await ServerProcess.start({ env: { COFFER_EGRESS_ALLOW: upstream.url } });
      const web = new Web(browser, server);
      await web.setUp();
      await use(web);
    },
    { scope: 'file' },
  ],
});

/** What a route is made from, as the API takes it: it sends the value of TOKEN as a bearer token. */
export function routeTo(origin: string, projectId: string, id: string, more: object = {}) {
  return {
    project_id: projectId,
    id,
    method: 'GET',
    path: `/${id}`,
    environment: 'default',
    request: {
      origin,
      method: 'GET',
      path: '/echo',
      auth: { type: 'bearer', token: '${{ vault.TOKEN }}' },
    },
    ...more,
  };
}
