/**
 * Who may import whom. Applied by `scripts/check-imports.ts`.
 *
 * Between folders the table below allows; what it does not name is forbidden. Files directly in `packages/server/src`,
 * such as the logger, belong to all folders, except `app.ts`, `main.ts` and `admin.ts`, which belong to none.
 */

const PACKAGES = {
  core: [],
  contract: ['core'],
  client: [],
  cli: ['client', 'core'],
  server: ['contract', 'core'],
  web: ['contract', 'core'],
};

const SERVER_FOLDERS = {
  store: ['core'],
  keys: ['core'],
  egress: ['core'],
  outbound: ['egress', 'core'],
  services: ['store', 'keys', 'egress', 'outbound', 'core'],
  backup: ['services', 'store', 'keys', 'core'],
  config: ['core'],
  http: ['services', 'config', 'contract', 'core'],
  admin: ['backup', 'services', 'store', 'keys', 'config', 'core'],
};

const KNOWN_FOLDERS = [...Object.keys(SERVER_FOLDERS), 'testing'].join('|');
const TEST = '[.]test[.]ts$';
const TESTING = '^packages/server/src/testing/';
/** They start a real server. */
const CLIENT_TEST = '^packages/client/src/.*[.]test[.]ts$';
const COMPOSITION = '^packages/server/src/(app|main|admin)[.]ts$';
const ROOT_FILE = '^packages/server/src/(?!(?:app|main|admin)[.]ts$)[^/]+[.]ts$';

/** @param {string} name */
const folder = (name) => (name in PACKAGES ? `^packages/${name}/` : `^packages/server/src/${name}/`);

const packageRules = Object.entries(PACKAGES).map(([name, allowed]) => ({
  name: `${name}-package`,
  comment: `of the other packages, ${name} may import ${allowed.join(', ') || 'none'}`,
  from: { path: folder(name), pathNot: CLIENT_TEST },
  to: { path: '^packages/', pathNot: [name, ...allowed].map(folder) },
}));

const folderRules = Object.entries(SERVER_FOLDERS).map(([name, allowed]) => ({
  name: `server-${name}`,
  comment: `${name} may import ${allowed.join(', ')} and files directly in src, but not app or main`,
  from: { path: folder(name), pathNot: TEST },
  to: { path: '^packages/', pathNot: [...[name, ...allowed].map(folder), ROOT_FILE] },
}));

/** @type {import('dependency-cruiser').ICruiseOptions} */
export const options = {
  // Imports of types count: they are how a layer gets to know another.
  tsPreCompilationDeps: true,
  doNotFollow: { path: 'node_modules' },
  exclude: { path: '^packages/[^/]+/dist/' },
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['@coffer/source', 'import', 'types', 'node', 'default'],
  },
};

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
export const rules = [
  ...packageRules,
  ...folderRules,
  {
    name: 'unknown-folder',
    comment: 'a folder of the server needs a row in the table',
    from: { path: `^packages/server/src/(?!(?:${KNOWN_FOLDERS})/)[^/]+/` },
    to: {},
  },
  {
    name: 'package-surface',
    comment: 'a package is imported by its name, not by a path to one of its files',
    from: { path: '^packages/([^/]+)/', pathNot: CLIENT_TEST },
    to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/[^/]+/src/index[.]ts$'] },
  },
  {
    name: 'core-is-pure',
    comment: 'core runs in Node and browser alike: no built-in module and no dependency',
    from: { path: '^packages/core/src/', pathNot: TEST },
    to: { pathNot: '^packages/' },
  },
  {
    name: 'client-stands-alone',
    comment: 'client runs in Node, Deno, Bun and browsers: no built-in module and no dependency',
    from: { path: '^packages/client/src/', pathNot: TEST },
    to: { pathNot: '^packages/client/' },
  },
  {
    name: 'contract-is-data',
    comment: 'contract is data and zod: no built-in module and no other dependency',
    from: { path: '^packages/contract/src/', pathNot: TEST },
    to: { pathNot: ['^packages/', '^node_modules/zod/'] },
  },
  {
    name: 'main-is-the-end',
    comment: 'nothing imports main or admin: they are programs',
    from: {},
    to: { path: '^packages/server/src/(main|admin)[.]ts$' },
  },
  {
    name: 'app-is-composition',
    comment: 'only main, and the support of tests, make an app',
    from: { path: '^packages/[^/]+/src/', pathNot: [COMPOSITION, TESTING, TEST] },
    to: { path: '^packages/server/src/app[.]ts$' },
  },
  {
    name: 'main-starts-the-app',
    comment: 'main may import app, config, core and files directly in src',
    from: { path: '^packages/server/src/main[.]ts$' },
    to: { path: '^packages/', pathNot: [folder('config'), folder('core'), ROOT_FILE, COMPOSITION] },
  },
  {
    name: 'admin-starts-the-commands',
    comment: 'admin may import the folder admin, config, core and files directly in src',
    from: { path: '^packages/server/src/admin[.]ts$' },
    to: { path: '^packages/', pathNot: [folder('admin'), folder('config'), folder('core'), ROOT_FILE] },
  },
  {
    name: 'root-files-know-no-folder',
    comment: 'a file directly in src, which any folder may import, may import core and its like only',
    from: { path: ROOT_FILE, pathNot: TEST },
    to: { path: '^packages/', pathNot: [folder('core'), ROOT_FILE] },
  },
  {
    name: 'query-builder-in-store',
    comment: 'only store writes queries: others take its functions and types',
    from: { path: '^packages/[^/]+/src/', pathNot: [folder('store'), TESTING, TEST] },
    to: { path: '^node_modules/(@types/)?kysely/' },
  },
  {
    name: 'driver-in-store',
    comment: 'only store/sqlite*.ts and store/postgres*.ts know the database drivers',
    from: {
      path: '^packages/[^/]+/src/',
      pathNot: ['^packages/server/src/store/(sqlite|postgres)[^/]*[.]ts$', TESTING, TEST],
    },
    to: { path: '^node_modules/(@types/)?(better-sqlite3|pg)/' },
  },
  {
    name: 'web-framework-in-http',
    comment: 'only http, app and the support of tests know the web framework',
    from: { path: ['store', 'keys', 'services', 'config', 'admin'].map(folder), pathNot: TEST },
    to: { path: '^node_modules/(@fastify/[^/]+|fastify)/' },
  },
  {
    name: 'network-in-egress',
    comment:
      'what leaves the server leaves through egress; types send nothing (test/outgoing.test.ts looks closer)',
    from: { path: '^packages/server/src/', pathNot: [folder('egress'), TESTING, TEST] },
    to: { path: '^(node:)?(http|https|http2|dgram|dns|dns/promises)$', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'testing-in-tests',
    comment: 'the support of tests is for tests and benchmarks',
    from: {
      pathNot: [TESTING, TEST, '^packages/server/test/', '^e2e/', '^bench/', '^scripts/(demo|torture)'],
    },
    to: { path: TESTING },
  },
  {
    name: 'tests-are-leaves',
    comment: 'nothing imports a test',
    from: {},
    to: { path: TEST },
  },
  {
    name: 'no-cycle',
    comment: 'modules that import each other are one module',
    from: {},
    to: { circular: true },
  },
  {
    name: 'resolvable',
    comment: 'an import that cannot be resolved escapes every other rule',
    from: {},
    to: { couldNotResolve: true },
  },
];
