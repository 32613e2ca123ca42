import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { expectAccessible, gone, openDialog, PASSWORD, row, shown, test, type Web } from './browser.ts';

const press = async (page: Page, name: string | RegExp): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).first().click();

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

const PAGES = (id: string): Readonly<Record<string, string>> => ({
  '/web/vaults': 'Vaults',
  [`/web/vault?project_id=${id}`]: id.replace('shop_', 'Shop '),
  [`/web/vault?project_id=${id}&filter=nothing`]: id.replace('shop_', 'Shop '),
  '/web/projects': 'Projects',
  [`/web/project?id=${id}`]: id.replace('shop_', 'Shop '),
  '/web/users': 'Users',
  '/web/events': 'Events',
  '/web/account': 'My account',
  '/web/nowhere': 'Not found',
});

/** The tables that hide something beyond their right edge. */
const wideTables = async (page: Page): Promise<(string | null)[]> =>
  await page
    .locator('section:has(> table)')
    .evaluateAll((frames) =>
      frames.filter((frame) => frame.scrollWidth > frame.clientWidth).map((frame) => frame.ariaLabel),
    );

async function ready(page: Page, title: string): Promise<void> {
  await shown(page.getByRole('heading', { name: title, level: 1, exact: true }));
  await gone(page.locator('tr[aria-hidden]').first());
}

/** The dialogs: where each is, and the buttons that lead to it. */
const DIALOGS = (id: string): readonly (readonly [path: string, ...buttons: (string | RegExp)[]])[] => [
  ['/web/vaults', /^Members of/],
  [`/web/vault?project_id=${id}`, 'Create New'],
  [`/web/vault?project_id=${id}`, 'Create New', 'Create'],
  [`/web/vault?project_id=${id}`, 'Create New', 'Paste a .env file…'],
  [`/web/vault?project_id=${id}`, 'Edit KEY'],
  [`/web/vault?project_id=${id}`, 'Delete KEY'],
  [`/web/vault?project_id=${id}`, 'History of KEY', 'Show version 1', 'Restore version 1'],
  ['/web/projects', 'Create a new project'],
  [`/web/project?id=${id}`, 'Add environment'],
  [`/web/project?id=${id}`, 'Delete Staging'],
  [`/web/project?id=${id}`, 'Delete project'],
  ['/web/users', 'Add user'],
  ['/web/users', 'Change the role of rosa'],
  ['/web/users', 'Set a new password for rosa'],
  ['/web/users', 'Delete rosa'],
  ['/web/events', /^Open record/],
  ['/web/account', 'Find… Ctrl K'],
];

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on any page (${colorScheme})`, async ({ web, open }) => {
    const stranger = await open('/web/login?ended=true', { colorScheme });
    await shown(stranger.getByText('Your session has ended.', { exact: false }));
    await expectAccessible(stranger);
    await stranger.goto('/web/setup');
    await shown(stranger.getByRole('alert'));
    await expectAccessible(stranger);

    const id = await furnishedProject(web);
    const page = await open('/web/vaults', { as: web.root, colorScheme });
    for (const [path, title] of Object.entries(PAGES(id))) {
      await page.goto(path);
      await ready(page, title);
      await expectAccessible(page);
    }
    const viewer = await open('/web/users', { as: await web.person('VIEWER'), colorScheme });
    await ready(viewer, 'Not allowed');
    await expectAccessible(viewer);
  });

  test(`axe finds nothing on any dialog (${colorScheme})`, async ({ web, open }) => {
    const id = await furnishedProject(web);
    const page = await open('/web/vaults', { as: web.root, colorScheme });
    for (const [path, ...buttons] of DIALOGS(id)) {
      await page.goto(path);
      for (const button of buttons) await press(page, button);
      await shown(openDialog(page));
      await expectAccessible(page);
    }
  });
}

for (const [title, viewport] of [
  ['360 px', { width: 360, height: 640 }],
  ['200 % zoom of a window of 1280 × 800 px', { width: 640, height: 400 }],
] as const) {
  test(`${title}: no page or table scrolls sideways, and no dialog leaves the window`, async ({
    web,
    open,
  }) => {
    const id = await furnishedProject(web);
    await addLongNames(web, id);
    const page = await open('/web/vaults', { as: web.root, viewport });
    const overflow = async (): Promise<number> =>
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    for (const [path, heading] of Object.entries(PAGES(id))) {
      await page.goto(path);
      await ready(page, heading);
      expect(await overflow(), path).toBe(0);
      expect(await wideTables(page), path).toEqual([]);
    }
    const newcomer = await open('/web/projects', { as: await web.person('ADMIN'), viewport });
    await shown(newcomer.getByText('There are no projects yet'));
    expect(
      await newcomer.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ),
    ).toBe(0);
    for (const [path, ...buttons] of DIALOGS(id).filter(([, button]) => button !== 'Find… Ctrl K')) {
      await page.goto(path);
      for (const button of buttons) await press(page, button);
      const box = await openDialog(page).boundingBox();
      expect(box?.x, path).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0), path).toBeLessThanOrEqual(viewport.width);
      const inner = await openDialog(page).evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
      expect(inner, `${path} ${buttons.join()}`).toBe(0);
      expect(await wideTables(page), `${path} ${buttons.join()}`).toEqual([]);
    }
  });

  test(`${title}: every page is reached by the menu, and every action of an entry works`, async ({
    web,
    open,
  }) => {
    const id = await furnishedProject(web);
    const page = await open('/web/account', {
      as: await web.signIn('rosa'),
      viewport,
    });
    for (const place of ['Vaults', 'Projects', 'Users', 'Events']) {
      await press(page, 'Open the menu');
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).click();
      await ready(page, place);
    }
    await page.goto(`/web/vault?project_id=${id}`);
    for (const action of ['Create New', 'Edit KEY', 'Delete KEY', 'History of KEY']) {
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
