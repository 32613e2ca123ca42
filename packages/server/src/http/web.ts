import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '@coffer/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PACKAGE_FOLDER } from '../package-folder.ts';
import { sendProblem } from './problem.ts';

/** Where the build puts the web interface. */
const FOLDER = fileURLToPath(new URL('../web/dist', PACKAGE_FOLDER));

/** Only what this server serves, no inline script or style, no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

type StaticFile = { type: string; body: Buffer; gzip: Buffer | undefined; etag: string; isHashed: boolean };

/** Read all at once, when the first is asked for: a build that runs later does not mix old and new. */
let files: Map<string, StaticFile> | undefined;

/** The pages under /web. Every path that is no file is a page of the application, which knows the paths itself. */
export function registerWeb(app: FastifyInstance): void {
  app.get('/web', async (_request, reply) => await reply.redirect('/web/'));
  app.get<{ Params: { '*': string } }>('/web/*', async (request, reply) => {
    const path = request.params['*'];
    const isPage = extname(path) === '';
    const file = (files ??= readFiles()).get(isPage ? 'index.html' : path);
    if (file === undefined) return await sendProblem(reply, new AppError('endpoint_not_found'));
    return await sendFile(request, reply, file);
  });
}

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, body, gzip, etag, isHashed }: StaticFile,
): Promise<FastifyReply> {
  reply.headers({
    'content-type': type,
    'content-security-policy': POLICY,
    // A name with a hash means this content for ever; everything else is asked for again each time.
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag,
    vary: 'accept-encoding',
  });
  if (request.headers['if-none-match'] === etag) return await reply.code(304).send();
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (gzip === undefined || !takesGzip) return await reply.send(body);
  return await reply.header('content-encoding', 'gzip').send(gzip);
}

function readFiles(): Map<string, StaticFile> {
  const found = new Map<string, StaticFile>();
  if (!existsSync(FOLDER)) return found;
  for (const entry of readdirSync(FOLDER, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const body = readFileSync(path);
    found.set(relative(FOLDER, path).replaceAll('\\', '/'), {
      type,
      body,
      gzip: existsSync(`${path}.gz`) ? readFileSync(`${path}.gz`) : undefined,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      isHashed: /-[\w-]{8}\.(?:js|css|svg)$/.test(entry.name),
    });
  }
  return found;
}
