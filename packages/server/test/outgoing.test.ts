import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** Modules that reach the network, or a program that does, and what of them may be used for something else. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  net: ['BlockList', 'isIP', 'isIPv4', 'isIPv6'],
  tls: ['createSecureContext'],
  http: [],
  https: [],
  http2: [],
  dgram: [],
  dns: [],
  'dns/promises': [],
  child_process: [],
  cluster: [],
  inspector: [],
  'inspector/promises': [],
  undici: [],
  ws: [],
  axios: [],
  got: [],
  'node-fetch': [],
};
/** Functions of libraries that call out by themselves. */
const FUNCTIONS = new Set(['createRemoteJWKSet']);
const GLOBALS = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'WebSocketStream']);
/** Ways to a module that no list of imports shows. */
const DETOURS = new Set(['getBuiltinModule', 'createRequire', 'require', 'binding', '_linkedBinding']);

/** What in a source text could send something out. Types send nothing. */
function waysOut(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) found.push(...importedWays(node));
    else if (ts.isExportDeclaration(node) && !node.isTypeOnly)
      found.push(...wholeModule(node.moduleSpecifier));
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      found.push(...dynamicImport(node.arguments[0]));
    else if (ts.isIdentifier(node) && isWayOut(node)) found.push(node.text);
    else if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
      const { text } = node.argumentExpression;
      if (GLOBALS.has(text) || DETOURS.has(text)) found.push(text);
    }
    if (!ts.isImportDeclaration(node)) ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true));
  return found;
}

function moduleName(specifier: ts.Node | undefined): string | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined;
  return specifier.text.replace(/^node:/, '');
}

function wholeModule(specifier: ts.Node | undefined): string[] {
  const name = moduleName(specifier);
  return name !== undefined && Object.hasOwn(MODULES, name) ? [name] : [];
}

/** One whose name is made while it runs could be any. */
function dynamicImport(specifier: ts.Node | undefined): string[] {
  return moduleName(specifier) === undefined ? ['import()'] : wholeModule(specifier);
}

function importedWays({ importClause, moduleSpecifier }: ts.ImportDeclaration): string[] {
  if (importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  const name = moduleName(moduleSpecifier) ?? '';
  const { namedBindings } = importClause ?? {};
  const allowed = Object.hasOwn(MODULES, name) ? MODULES[name] : undefined;
  if (namedBindings === undefined || !ts.isNamedImports(namedBindings) || importClause?.name !== undefined)
    return allowed === undefined ? [] : [name];
  return namedBindings.elements
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .map((element) => (element.propertyName ?? element.name).text)
    .filter((imported) => FUNCTIONS.has(imported) || (allowed !== undefined && !allowed.includes(imported)))
    .map((imported) => (allowed === undefined ? imported : `${name}.${imported}`));
}

/** A member of the same name belongs to something else, unless that is the global object or the process. */
function isWayOut(node: ts.Identifier): boolean {
  const { parent, text } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    if (DETOURS.has(text)) return true;
    return GLOBALS.has(text) && /^(?:globalThis|global|self|window)$/.test(parent.expression.getText());
  }
  // In `const { fetch } = globalThis` it is a name that is taken out.
  const isName =
    (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent)) &&
    parent.name === node;
  return !isName && !ts.isTypeReferenceNode(parent) && (GLOBALS.has(text) || DETOURS.has(text));
}

const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const FILES = globSync('**/*.ts', { cwd: SRC })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !/^(?:egress|testing)\/|[.]test[.]ts$/.test(file));

describe('what leaves the server leaves through egress', () => {
  test.each(FILES)('and not from %s', (file) => {
    expect(waysOut(readFileSync(`${SRC}${file}`, 'utf8'))).toEqual([]);
  });

  test('where all files are looked at', () => {
    expect(FILES).toEqual(
      expect.arrayContaining(['app.ts', 'http/server.ts', 'services/identity-tokens.ts']),
    );
  });
});

describe('a line that lets something out is found', () => {
  test.each([
    [`import http from 'node:http';`, 'http'],
    [`import * as https from 'node:https';`, 'https'],
    [`import { request } from 'http';`, 'http.request'],
    [`import { type Agent, get as load } from 'node:https';`, 'https.get'],
    [`import { isIP, connect } from 'node:net';`, 'net.connect'],
    [`import { createSecureContext, connect } from 'node:tls';`, 'tls.connect'],
    [`import { connect } from 'node:http2';`, 'http2.connect'],
    [`import 'node:dgram';`, 'dgram'],
    [`import { lookup } from 'node:dns/promises';`, 'dns/promises.lookup'],
    [`import { spawn } from 'node:child_process';`, 'child_process.spawn'],
    [`import { fetch as load } from 'undici';`, 'undici.fetch'],
    [`import { createRemoteJWKSet } from 'jose';`, 'createRemoteJWKSet'],
    [`export { request } from 'node:http';`, 'http'],
    [`export * from 'node:net';`, 'net'],
    [`const net = await import('node:net');`, 'net'],
    ['const net = await import(`node:net`);', 'net'],
    [`const net = await import('node:' + 'net');`, 'import()'],
    [`import { createRequire } from 'node:module'; createRequire('');`, 'createRequire'],
    [`const net = require('node:net');`, 'require'],
    [`process.getBuiltinModule('net');`, 'getBuiltinModule'],
    [`await fetch('https://example.com');`, 'fetch'],
    [`await globalThis.fetch('https://example.com');`, 'fetch'],
    [`await globalThis['fetch']('https://example.com');`, 'fetch'],
    [`const { fetch } = globalThis;`, 'fetch'],
    [`const load = { load: fetch };`, 'fetch'],
    [`const load = { fetch };`, 'fetch'],
    [`new WebSocket('wss://example.com');`, 'WebSocket'],
    [`new EventSource('https://example.com');`, 'EventSource'],
  ])('%s', (source, found) => {
    expect(waysOut(source)).toContain(found);
  });

  test.each([
    `import type { ServerResponse } from 'node:http';`,
    `import { type Socket } from 'node:net';`,
    `import { BlockList, isIP } from 'node:net';`,
    `import { createSecureContext } from 'node:tls';`,
    `import { connect } from './connect.ts';`,
    `class Keys { async #fetch() {} async load() { await this.#fetch(); } }`,
    `const handlers = { fetch() {}, load: keys.fetch };`,
    `// fetch('https://example.com')`,
    `const text = "fetch('https://example.com')";`,
  ])('and %s is none', (source) => {
    expect(waysOut(source)).toEqual([]);
  });
});
