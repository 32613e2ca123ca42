/** A real browser in front of the real program: what the tests of the web interface stand on. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Role } from '@coffer/core';
import type * as Axe from 'axe-core';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect, test as base } from 'vitest';
import type { Client } from '../../packages/server/src/testing/client.ts';
import { ServerProcess } from '../../packages/server/src/testing/process.ts';
import { launchChromium } from './chromium.ts';

export const PASSWORD = 'violet-anchor-pebble-41';
const PATIENCE_MS = 20_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** All that axe has with these tags and the category of colours. */
const AXE_RULES_OF_COLOUR = ['color-contrast', 'link-in-text-block'];

/** Someone with an account, a client that acts for them, and the session that their browser begins with. */
export type Person = { client: Client; cookie: string };

type OpenOptions = BrowserContextOptions & {
  /** Nobody is signed in without. */
  as?: Person;
};

/** Opens a page of the interface in a browser session of its own. */
export type Open = (path: string, options?: OpenOptions) => Promise<Page>;

/** One server and one browser for a file of tests; each test makes the projects and people that it needs. */
export class Web {
  readonly browser: Browser;
  readonly server: ServerProcess;
  #count = 0;
  #root: Person | undefined;
  #admin: Promise<Person> | undefined;

  constructor(browser: Browser, server: ServerProcess) {
    this.browser = browser;
    this.server = server;
  }

  get root(): Person {
    if (this.#root === undefined) throw new Error('nobody has set up the instance');
    return this.#root;
  }

  async setUp(): Promise<void> {
    const client = this.server.client();
    const answer = await client.call('setup', {
      setup_token: this.server.setupToken,
      ...this.#profile('rosa', 'Root'),
      password: PASSWORD,
    });
    this.#root = personOf(client, answer);
  }

  /** An ADMIN for tests that do not care who acts. */
  async admin(): Promise<Person> {
    this.#admin ??= this.person('ADMIN');
    return await this.#admin;
  }

  /** Someone new, signed in, and a member of the projects. */
  async person(role: Role, ...projectIds: readonly string[]): Promise<Person> {
    this.#count += 1;
    const username = `${role.toLowerCase()}-${this.#count}`;
    const { user } = await this.root.client.ok('user_create', {
      ...this.#profile(username, role),
      password: PASSWORD,
      role,
    });
    for (const projectId of projectIds)
      await this.root.client.ok('project_member_add', { project_id: projectId, uid: user.uid });
    return await this.signIn(username);
  }

  /** One more session of someone. */
  async signIn(username: string, password = PASSWORD): Promise<Person> {
    const client = this.server.client();
    return personOf(client, await client.call('user_login', { auth_data: username, password }));
  }

  /** A new project of the ADMIN, or of someone else, with entries. Answers with its id; its name is `Shop 1`, `Shop 2`… */
  async project(entries: Readonly<Record<string, string>> = {}, owner?: Person): Promise<string> {
    const { client } = owner ?? (await this.admin());
    this.#count += 1;
    const id = `shop_${this.#count}`;
    await client.ok('project_create', { id, name: `Shop ${this.#count}`, api_path: `/${id}` });
    for (const [key, value] of Object.entries(entries))
      await client.ok('vault_create', { project_id: id, key, value });
    return id;
  }

  #profile(username: string, lastName: string): Record<string, string> {
    return { username, email: `${username}@example.org`, first_name: 'Test', last_name: lastName };
  }
}

type Fixtures = { web: Web; open: Open; browser: Browser; fresh: Web };

/** With a server that is set up (`web`), one that is not (`fresh`), and a browser whose complaints fail the test. */
export const test = base.extend<Fixtures>({
  browser: [
    // oxlint-disable-next-line no-empty-pattern -- Vitest reads from it that there is nothing that this needs.
    async ({}, use) => {
      const browser = await launchChromium();
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  web: [
    async ({ browser }, use) => {
      await using server = await ServerProcess.start();
      const web = new Web(browser, server);
      await web.setUp();
      await use(web);
    },
    { scope: 'file' },
  ],
  fresh: async ({ browser }, use) => {
    await using server = await ServerProcess.start();
    await use(new Web(browser, server));
  },
  open: async ({ web }, use) => {
    const opener = new Opener();
    await use(async (path, options) => await opener.open(web, path, options));
    await opener.close();
  },
});

/** Opens pages and remembers what the browser complained about. */
export class Opener {
  readonly problems: string[] = [];
  readonly #closers: (() => Promise<void>)[] = [];

  async open({ browser, server }: Web, path: string, { as, ...options }: OpenOptions = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: server.url, locale: 'en-GB', ...options });
    this.#closers.push(async () => await context.close());
    context.setDefaultTimeout(PATIENCE_MS);
    if (as !== undefined) {
      const [name = '', value = ''] = as.cookie.split('=');
      await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Strict' }]);
    }
    await context.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        // oxlint-disable-next-line no-console -- in the page; what its console says fails the test
        console.error(`against the policy: ${violatedDirective} ${blockedURI}`),
      ),
    );
    context.on('console', (message) => {
      // The browser itself reports each refusal of the server so.
      const isRefusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(
        message.text(),
      );
      if (message.type() === 'error' && !isRefusal) this.problems.push(message.text());
    });
    context.on('weberror', (error) => this.problems.push(String(error.error())));
    context.on('request', (request) => {
      if (
        !request
          .url()
          .replace(/^blob:/, '')
          .startsWith(`${server.url}/`)
      )
        this.problems.push(`request to another host: ${request.url()}`);
    });
    const page = await context.newPage();
    await page.goto(path);
    return page;
  }

  /** Fails with the complaints. */
  async close(): Promise<void> {
    await Promise.all(this.#closers.map(async (close) => await close()));
    expect(this.problems).toEqual([]);
  }
}

export async function shown(...locators: readonly Locator[]): Promise<void> {
  for (const locator of locators) await locator.waitFor();
}

export async function gone(...locators: readonly Locator[]): Promise<void> {
  for (const locator of locators) await locator.waitFor({ state: 'detached' });
}

/** The dialog that is open. A message in the corner has that role, too, but no such button. */
export function openDialog(page: Page): Locator {
  const closes = { has: page.getByRole('button', { name: /^(?:Close|Cancel)$/ }) };
  return page.getByRole('dialog').or(page.getByRole('alertdialog')).filter(closes);
}

/** The row of a table that names it. */
export function row(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
}

/** Everything that the page holds and where it keeps things: attributes, what is typed, address, storage. */
export async function everythingOf(page: Page): Promise<string> {
  return await page.evaluate(() =>
    [
      document.documentElement.outerHTML,
      ...[...document.querySelectorAll<HTMLInputElement>('input, textarea')].map(({ value }) => value),
      location.href,
      JSON.stringify(history.state),
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      document.cookie,
    ].join('\n'),
  );
}

/** Fails when the page holds or stores the canary anywhere. */
export async function expectNowhere(page: Page, canary: string): Promise<void> {
  await expect.poll(async () => await everythingOf(page)).not.toContain(canary);
  const state = await page.context().storageState({ indexedDB: true });
  expect(JSON.stringify(state)).not.toContain(canary);
}

/** Every answer of the server that has the canary in it, by its path. */
export function watchAnswers(page: Page, canary: string): { paths: () => Promise<string[]> } {
  const answers: Promise<string | undefined>[] = [];
  page.on('response', (response) => {
    const { pathname, search } = new URL(response.url());
    const body = response.text().catch(() => '');
    answers.push(
      body.then((text) => (text.includes(canary) || search.includes(canary) ? pathname : undefined)),
    );
  });
  return { paths: async () => (await Promise.all(answers)).filter((path) => path !== undefined) };
}

const THEMES = ['light', 'dark'] as const;

/**
 * Fails with what axe finds: all of it in the first theme, and what has to do with colours in the other, as nothing but colours
 * differs. The script goes in by the debugger, so that the pages' policy does not have to allow it.
 */
export async function expectAccessible(page: Page, first: (typeof THEMES)[number] = 'light'): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  for (const colorScheme of [first, ...THEMES.filter((theme) => theme !== first)]) {
    await page.emulateMedia({ colorScheme });
    // A table that has asked again is pale for a moment more.
    await settled(page);
    const violations = await page.evaluate(
      async (runOnly) => {
        const axe = (globalThis as unknown as { axe: typeof Axe }).axe;
        const results = await axe.run(document, { runOnly, resultTypes: ['violations'] });
        return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      },
      colorScheme === first ? AXE_TAGS : AXE_RULES_OF_COLOUR,
    );
    expect(violations, `${page.url()} (${colorScheme})`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null });
}

/** Waits until the page shows what it asked the server for, not where it will stand, and nothing fades any more. */
export async function settled(page: Page): Promise<void> {
  await gone(page.locator('[aria-busy="true"], .animate-pulse').first());
  await page.evaluate(
    async () =>
      await Promise.allSettled(document.getAnimations().map(async ({ finished }) => await finished)),
  );
}

function personOf(client: Client, answer: Awaited<ReturnType<Client['call']>>): Person {
  if (answer.status >= 400) throw new Error(`refused: ${answer.text}`);
  client.token = answer.body.token;
  client.uid = answer.body.user.uid;
  client.username = answer.body.user.username;
  return { client, cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
}
