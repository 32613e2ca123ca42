import { createReadStream, existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AppError } from '@coffer/core';
import { openApiDocument } from '@coffer/contract';
import type { FastifyInstance } from 'fastify';
import { PACKAGE_FOLDER } from '../package-folder.ts';
import { sendProblem } from './problem.ts';

/** The browser bundle of the API reference, which the build puts beside the program. */
const SCALAR_BUNDLE = fileURLToPath(new URL('dist/assets/scalar.js', PACKAGE_FOLDER));

const SCALAR_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // The bundle makes its style sheets when it runs.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SCALAR_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Coffer API</title>
  </head>
  <body>
    <div id="app"></div>
    <script src="/scalar/scalar.js"></script>
    <script src="/scalar/start.js"></script>
  </body>
</html>
`;

/** Nothing may be fetched from elsewhere: no fonts, no proxy, no telemetry, no services of the maker. */
const SCALAR_START = `Scalar.createApiReference('#app', ${JSON.stringify({
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  persistAuth: false,
  authentication: { preferredSecurityScheme: 'token' },
})});
`;

/** The OpenAPI document and its browsable page (R23), and the way there from the root. */
export function registerPages(app: FastifyInstance, info: { version: string; serverUrl?: string }): void {
  let document: string | undefined;
  app.get('/', async (_request, reply) => await reply.redirect('/web/'));
  app.get(
    '/openapi.json',
    async (_request, reply) =>
      await reply
        .header('content-type', 'application/json')
        .send((document ??= JSON.stringify(openApiDocument(info)))),
  );
  app.get(
    '/scalar',
    async (_request, reply) =>
      await reply
        .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': SCALAR_POLICY })
        .send(SCALAR_PAGE),
  );
  app.get(
    '/scalar/start.js',
    async (_request, reply) =>
      await reply.header('content-type', 'text/javascript; charset=utf-8').send(SCALAR_START),
  );
  app.get('/scalar/scalar.js', async (request, reply) => {
    const compressed = (request.headers['accept-encoding'] ?? '').includes('gzip');
    const path = compressed ? `${SCALAR_BUNDLE}.gz` : SCALAR_BUNDLE;
    if (!existsSync(path)) return await sendProblem(reply, new AppError('endpoint_not_found'));
    reply.headers({
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': statSync(path).size,
      'cache-control': 'private, max-age=3600',
      vary: 'accept-encoding',
    });
    if (compressed) reply.header('content-encoding', 'gzip');
    return await reply.send(createReadStream(path));
  });
}
