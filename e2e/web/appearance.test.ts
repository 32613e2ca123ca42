import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { gone, openDialog, PASSWORD, row, settled, shown, test as base, type Web } from './browser.ts';
import { expectPlaceWellMade, expectWellMade, LOOK_AROUND, NARROW, ZOOMED, type Place } from './well-made.ts';

const press = async (page: Page, name: string | RegExp): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).first().click();

/** With a project that has what the pages show, beside names as long as they may be. */
const test = base.extend<{ shop: string }>({
  shop: [
    async ({ web }, use) => {
      const id = await furnishedProject(web);
      await addLongNames(web, id);
      await use(id);
    },
    { scope: 'file' },
  ],
});

/** A project with what the pages show: a long key and value, two environments, a history. */
async function furnishedProject(web: Web): Promise<string> {
  const id = await web.project({ ['LONG_KEY_'.repeat(20)]: 'v'.repeat(500), KEY: 'k' });
  const { client } = await web.admin();
  await client.ok('project_member_add', { project_id: id, uid: web.root.client.uid });
  await client.ok('environment_create', { project_id: id, id: 'staging', name: 'Staging' });
  await client.ok('vault_update', {
    project_id: id,
    key: 'KEY',
    value: 'two',
    comment: 'A remark of some length on it',
  });
  return id;
}

/** A person and a project whose names, address, path and description are as long as they may be, without a space. */
async function addLongNames(web: Web, unique: string): Promise<void> {
  const long = (length: number): string => `${unique}_`.padEnd(length, 'w');
  const { client } = web.root;
  await client.ok('user_create', {
    username: long(50),
    email: `${long(64)}@${'d'.repeat(60)}.example.org`,
    first_name: 'N'.repeat(50),
    last_name: 'L'.repeat(50),
    password: PASSWORD,
    role: 'VIEWER',
  });
  await client.ok('project_create', {
    id: long(50),
    name: long(100),
    api_path: `/${long(99)}`,
    description: 'd'.repeat(1000),
  });
}

async function ready(page: Page, title: string): Promise<void> {
  await shown(page.getByRole('heading', { name: title, level: 1, exact: true }));
  await settled(page);
}

const nameOf = (id: string): string => id.replace('shop_', 'Shop ');

/** Every page, as ROOT sees it, with every dialog on it. Those of tokens and routes are looked at beside their tests. */
const PLACES: Readonly<Record<string, (id: string) => Place>> = {
  Vaults: () => ({ path: '/web/vaults', title: 'Vaults', dialogs: [[/^Members of/]] }),
  'a vault': (id) => ({
    path: `/web/vault?project_id=${id}`,
    title: nameOf(id),
    dialogs: [['Create New'], ['Create New', 'Create'], ['Create New', 'Paste a .env file…']],
  }),
  'an entry': (id) => ({
    path: `/web/vault?project_id=${id}`,
    title: nameOf(id),
    dialogs: [
      ['Edit KEY'],
      ['Delete KEY'],
      ['History of KEY'],
      ['History of KEY', 'Show version 1', 'Restore version 1'],
    ],
  }),
  'a vault where nothing matches': (id) => ({
    path: `/web/vault?project_id=${id}&filter=nothing`,
    title: nameOf(id),
  }),
  Projects: () => ({ path: '/web/projects', title: 'Projects', dialogs: [['Create a new project']] }),
  'a project': (id) => ({
    path: `/web/project?id=${id}`,
    title: nameOf(id),
    dialogs: [['Add environment'], ['Delete Staging'], ['Delete project'], ['Remove rosa']],
  }),
  Users: () => ({
    path: '/web/users',
    title: 'Users',
    dialogs: [['Add user'], ['Change the role of rosa'], ['Set a new password for rosa'], ['Delete rosa']],
  }),
  Events: () => ({ path: '/web/events', title: 'Events', dialogs: [[/^Open record/]] }),
  'My account': () => ({
    path: '/web/account',
    title: 'My account',
    dialogs: [['Find… Ctrl K'], ['Keyboard shortcuts']],
  }),
  'Not found': () => ({ path: '/web/nowhere', title: 'Not found' }),
};

for (const [name, place] of Object.entries(PLACES)) {
  test(
    `axe finds nothing, light and dark, and all fits 360 px and 200 % zoom: ${name}`,
    LOOK_AROUND,
    async ({ web, open, shop }) => {
      const page = await open('/web/login', { as: web.root });
      await expectPlaceWellMade(page, place(shop));
    },
  );
}

test(
  'axe finds nothing, light and dark, and all fits 360 px and 200 % zoom: strangers and newcomers',
  LOOK_AROUND,
  async ({ web, open }) => {
    const stranger = await open('/web/login?ended=true');
    await shown(stranger.getByText('Your session has ended.', { exact: false }));
    await expectWellMade(stranger);
    await stranger.goto('/web/setup');
    await shown(stranger.getByRole('alert'));
    await expectWellMade(stranger);
    const viewer = await open('/web/users', { as: await web.person('VIEWER') });
    await ready(viewer, 'Not allowed');
    await expectWellMade(viewer);
    const newcomer = await open('/web/projects', { as: await web.person('ADMIN') });
    await shown(newcomer.getByText('There are no projects yet'));
    await expectWellMade(newcomer);
  },
);

for (const [title, viewport] of [
  ['360 px', NARROW],
  ['200 % zoom of a window of 1280 × 800 px', ZOOMED],
] as const) {
  test(`${title}: every page is reached by the menu, and every action of an entry works`, async ({
    web,
    open,
    shop,
  }) => {
    const page = await open('/web/account', {
      as: await web.signIn('rosa'),
      viewport,
    });
    for (const place of ['Vaults', 'Projects', 'Routes', 'Tokens', 'Users', 'Events']) {
      await press(page, 'Open the menu');
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).click();
      await ready(page, place);
    }
    await page.goto(`/web/vault?project_id=${shop}`);
    for (const action of ['Create New', 'Edit KEY', 'Delete KEY', 'History of KEY', 'Routes of KEY']) {
      await press(page, action);
      await shown(openDialog(page));
      await page.keyboard.press('Escape');
      await gone(openDialog(page));
    }
    await press(page, 'Show KEY');
    await shown(page.getByText('two', { exact: true }));
    await press(page, 'Open the menu');
    await press(page, 'Sign out');
    await page.waitForURL('**/web/login');
  });
}

test('who wants little motion gets none', async ({ web, open }) => {
  const page = await open('/web/vaults', { as: await web.admin(), reducedMotion: 'reduce' });
  await ready(page, 'Vaults');
  await press(page, 'Find… Ctrl K');
  await shown(openDialog(page));
  const moving = await page.evaluate(() => {
    const probe = document.createElement('div');
    probe.className = 'animate-pulse';
    document.body.append(probe);
    const animations = document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().activeDuration) > 10);
    probe.remove();
    return animations.map(
      ({ effect }) =>
        `${(effect as KeyframeEffect).target?.className} ${JSON.stringify(effect?.getComputedTiming())}`,
    );
  });
  expect(moving).toEqual([]);
});

test('light and dark follow the system until the switch says otherwise, which a reload keeps', async ({
  web,
  open,
}) => {
  const page = await open('/web/vaults', { as: await web.admin(), colorScheme: 'dark' });
  await ready(page, 'Vaults');
  const background = async (): Promise<string> =>
    await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await background();
  await press(page, 'Theme: system. Switch to light');
  const light = await background();
  expect(light).not.toBe(dark);
  await page.reload();
  await ready(page, 'Vaults');
  expect(await background()).toBe(light);
  await press(page, 'Theme: light. Switch to dark');
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await background()).toBe(dark);
});

test('a tip stands above what scrolls, within the window, and goes with the click', async ({ web, open }) => {
  const page = await open('/web/users', { as: web.root, viewport: { width: 360, height: 640 } });
  await ready(page, 'Users');
  const button = page.getByRole('button', { name: /^Delete/ }).first();
  const name = (await button.getAttribute('aria-label')) ?? '';
  await button.hover();
  const tip = page.getByText(name, { exact: true });
  await shown(tip);
  const box = await tip.boundingBox();
  expect(box?.x).toBeGreaterThanOrEqual(0);
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
  expect(await tip.evaluate((element) => element.closest('section') === null)).toBe(true);
  await button.click();
  await shown(openDialog(page));
  await gone(tip);
});

test('what a page shows is a real table with a caption, and the title names the page', async ({
  web,
  open,
}) => {
  const page = await open(`/web/vault?project_id=${await web.project({ KEY: 'k' })}`, {
    as: await web.admin(),
  });
  await shown(row(page, 'KEY'));
  await shown(page.getByRole('table', { name: 'Vault entries' }));
  expect(await page.getByRole('columnheader').allInnerTexts()).toEqual([
    'Key',
    'Value',
    'Comment',
    'Version',
    'Changed',
    'Actions',
  ]);
  expect(await page.title()).toMatch(/^Shop \d+ · Vaults · Coffer$/);
});

test('the menu marks the place that a page belongs to', async ({ web, open }) => {
  const id = await web.project({ KEY: 'k' });
  const page = await open(`/web/vault?project_id=${id}`, { as: await web.admin() });
  for (const [path, place] of [
    [`/web/vault?project_id=${id}`, 'Vaults'],
    [`/web/project?id=${id}`, 'Projects'],
    [`/web/project/tokens?id=${id}`, 'Projects'],
    ['/web/tokens', 'Tokens'],
  ] as const) {
    await page.goto(path);
    const marked = page.getByRole('navigation', { name: 'Main' }).locator('[aria-current]');
    await expect.poll(async () => await marked.allInnerTexts(), { message: path }).toEqual([place]);
  }
});

for (const width of [360, 768]) {
  test(`the outcomes of events stand beneath one another at ${width} px`, async ({ web, open }) => {
    const me = await web.person('ADMIN');
    const id = await web.project({ KEY: 'k' }, me);
    await me.client.refused('vault_fetch_one', { project_id: id, key: 'NONE' });
    const page = await open(`/web/events`, { as: web.root, viewport: { width, height: 800 } });
    await shown(page.getByRole('cell', { name: 'success' }).first());
    const cells = page.getByRole('cell', { name: /^(success|denied|failure|refused|error)$/ });
    const lefts = async () =>
      await cells.evaluateAll((all) => all.map((cell) => cell.getBoundingClientRect().x));
    const now = await lefts();
    expect(now.length).toBeGreaterThan(3);
    expect(new Set(now).size).toBe(1);
    await page.clock.install({ time: Date.now() + 15 * 60_000 });
    await page.reload();
    await shown(page.getByText('15 minutes ago').first());
    expect(new Set([...now, ...(await lefts())]).size).toBe(1);
  });
}

for (const [width, height] of [
  [1280, 720],
  [360, 640],
] as const) {
  test(`a message covers neither the rows nor the pages of a list at ${width} px`, async ({ web, open }) => {
    const keys = Array.from({ length: 12 }, (_, index) => [`KEY_${10 + index}`, 'v']);
    const id = await web.project(Object.fromEntries(keys));
    const page = await open(`/web/vault?project_id=${id}`, {
      as: await web.admin(),
      viewport: { width, height },
    });
    await page.getByRole('button', { name: 'Delete KEY_10' }).click();
    await openDialog(page).getByLabel('Key').fill('KEY_10');
    await page.keyboard.press('Enter');
    await gone(openDialog(page));
    const message = page.getByRole('dialog').filter({ hasText: 'KEY_10 is deleted' });
    await shown(message);
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    const box = await message.boundingBox();
    const covered = [page.getByRole('table'), page.getByRole('navigation', { name: 'Pages of entries' })];
    for (const part of covered) {
      const other = await part.boundingBox();
      if (box === null || other === null) throw new Error('not on the page');
      const isBeside = box.x + box.width <= other.x || other.x + other.width <= box.x;
      expect(isBeside || other.y + other.height <= box.y || box.y + box.height <= other.y).toBe(true);
    }
  });
}
