import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';
import { ServerProcess } from '../../packages/server/src/testing/process.ts';
import { DEMO_PASSWORD, fillDemo, startDemoApi } from '../../scripts/demo-data.ts';

/**
 * Takes a picture of each page of the demo, light, dark and narrow, for a person to look at.
 *
 *     npm run screenshots            all of them, into screenshots/
 *     npm run screenshots -- --docs  those that the README shows, into docs/images/
 */
const FOR_DOCS = process.argv.includes('--docs');
const FOLDER = fileURLToPath(new URL(FOR_DOCS ? '../../docs/images' : '../../screenshots', import.meta.url));

type Shot = {
  name: string;
  path: string;
  act?: (page: Page) => Promise<void>;
  inDocs?: true;
  whole?: true;
  /** Nobody is signed in. */
  stranger?: true;
};

const SHOP = '/web/vault?project_id=online_shop';
const CHARGE = '/web/routes/route?id=online_shop&route=create_charge';
const press = (name: string | RegExp) => async (page: Page) =>
  await page.getByRole('button', { name, exact: typeof name === 'string' }).click();

const SHOTS: readonly Shot[] = [
  { name: 'login', path: '/web/login', stranger: true },
  { name: 'login-ended', path: '/web/login?ended=true', stranger: true },
  { name: 'setup', path: '/web/setup#setup_token=of-the-log', stranger: true },
  { name: 'vaults', path: '/web/vaults' },
  { name: 'vault', path: SHOP, act: showValue, inDocs: true },
  { name: 'vault-nothing-matches', path: `${SHOP}&filter=nothing-has-this` },
  { name: 'vault-empty', path: '/web/vault?project_id=billing&environment=staging' },
  { name: 'create', path: SHOP, act: press('Create New') },
  { name: 'edit', path: SHOP, act: press('Edit SMTP_PASSWORD') },
  { name: 'delete', path: SHOP, act: press('Delete MAPS_API_KEY') },
  { name: 'history', path: SHOP, act: press('History of STRIPE_SECRET_KEY'), inDocs: true },
  { name: 'import', path: SHOP, act: importText },
  { name: 'members', path: '/web/vaults', act: press(/Members of Online shop/) },
  { name: 'projects', path: '/web/projects' },
  { name: 'project-create', path: '/web/projects', act: press('Create a new project') },
  { name: 'project', path: '/web/project?id=online_shop' },
  { name: 'project-whole', path: '/web/project?id=online_shop', whole: true },
  { name: 'project-delete', path: '/web/project?id=online_shop', act: press('Delete project') },
  { name: 'tokens', path: '/web/tokens' },
  { name: 'token-create', path: '/web/tokens', act: press('Create token') },
  { name: 'token-secret', path: '/web/tokens', act: makeToken },
  { name: 'token-edit', path: '/web/tokens', act: press('Edit Script that rotates the Stripe keys') },
  { name: 'project-tokens', path: '/web/project/tokens?id=online_shop' },
  { name: 'trust-create', path: '/web/project/tokens?id=online_shop', act: press('Trust a workload') },
  {
    name: 'trust-example',
    path: '/web/project/tokens?id=online_shop',
    act: press('How Deploy workflow gets its token'),
  },
  { name: 'entry-routes', path: SHOP, act: press('Routes of STRIPE_SECRET_KEY') },
  { name: 'entry-delete', path: SHOP, act: press('Delete STRIPE_SECRET_KEY') },
  { name: 'routes', path: '/web/routes' },
  { name: 'project-routes', path: '/web/routes/project?id=online_shop' },
  { name: 'project-routes-empty', path: '/web/routes/project?id=billing' },
  { name: 'route-new', path: '/web/routes/new?id=online_shop', act: writeRoute },
  { name: 'route', path: CHARGE, act: preview },
  { name: 'route-whole', path: CHARGE, act: preview, whole: true },
  { name: 'route-try', path: `${CHARGE}&tab=try`, act: tryRoute },
  { name: 'route-versions', path: `${CHARGE}&tab=versions` },
  { name: 'route-calls', path: `${CHARGE}&tab=calls` },
  { name: 'users', path: '/web/users' },
  { name: 'user-create', path: '/web/users', act: press('Add user') },
  { name: 'events', path: '/web/events', inDocs: true },
  { name: 'event', path: '/web/events?type=vault_update', act: openRecord },
  { name: 'account', path: '/web/account' },
  { name: 'account-whole', path: '/web/account', whole: true },
  { name: 'shortcuts', path: '/web/vaults', act: async (page) => await page.keyboard.press('?') },
  { name: 'find', path: '/web/vaults', act: async (page) => await page.keyboard.press('Control+k') },
  { name: 'not-found', path: '/web/nowhere' },
];

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  narrow: { viewport: { width: 360, height: 740 }, colorScheme: 'light' },
};

mkdirSync(FOLDER, { recursive: true });
await using api = await startDemoApi();
await using server = await ServerProcess.start({
  env: { COFFER_LOG_LEVEL: 'silent', COFFER_EGRESS_ALLOW: api.url },
});
const { root } = await fillDemo(server, api.url);
const { headers } = await root.call('user_login', { auth_data: 'ada', password: DEMO_PASSWORD });
const cookie = headers.getSetCookie()[0]?.split(';')[0]?.split('=') ?? [];
const browser = await launchChromium();
try {
  for (const [look, options] of Object.entries(LOOKS)) {
    if (!FOR_DOCS || look === 'light') await takeAll(browser, look, options);
  }
} finally {
  await browser.close();
}
console.log(`pictures are in ${FOLDER}`);

async function takeAll(from: Browser, look: string, options: BrowserContextOptions): Promise<void> {
  const context = await from.newContext({ ...options, baseURL: server.url, locale: 'en-GB' });
  const stranger = await from.newContext({ ...options, baseURL: server.url, locale: 'en-GB' });
  const [name = '', value = ''] = cookie;
  await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Strict' }]);
  for (const shot of SHOTS) {
    if (FOR_DOCS && shot.inDocs !== true) continue;
    const page = await (shot.stranger ? stranger : context).newPage();
    await page.goto(shot.path, { waitUntil: 'networkidle' });
    await shot.act?.(page);
    await page.waitForLoadState('networkidle');
    const path = join(FOLDER, FOR_DOCS ? `${shot.name}.png` : `${shot.name}-${look}.png`);
    await page.screenshot({ path, fullPage: shot.whole === true });
    await page.close();
  }
  await context.close();
  await stranger.close();
}

async function showValue(page: Page): Promise<void> {
  await press('Show SMTP_PASSWORD')(page);
  await page.getByText('Hidden again after 30 seconds.').waitFor();
}

async function openRecord(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Open record/ })
    .first()
    .click();
}

async function importText(page: Page): Promise<void> {
  await press('Create New')(page);
  await press('Paste a .env file…')(page);
  await page.getByLabel('Text of a .env file').fill('API_TOKEN=abc\nlower=no\nSMTP_PASSWORD="new one"\n');
  await page.getByText(/^1 new/).waitFor();
}

async function makeToken(page: Page): Promise<void> {
  await press('Create token')(page);
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Terminal');
  await dialog.getByRole('button', { name: 'Create token' }).click();
}

async function writeRoute(page: Page): Promise<void> {
  await page.getByLabel('Route id').fill('refund');
  await press('Add header')(page);
  await page.getByLabel('Header 1', { exact: true }).fill('Host');
  await page.getByRole('combobox', { name: 'Value of header 1' }).fill('Bearer ${{');
}

async function preview(page: Page): Promise<void> {
  await page.getByLabel('amount', { exact: true }).fill('4200');
  await press('Show the request')(page);
  await page.getByRole('region', { name: 'The request' }).waitFor();
}

async function tryRoute(page: Page): Promise<void> {
  await page.getByLabel('amount', { exact: true }).fill('4200');
  await page.getByLabel('currency', { exact: true }).selectOption('eur');
  await press('Send POST')(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Send POST' }).click();
  await page.getByText('The outside API answered 200').waitFor();
}
