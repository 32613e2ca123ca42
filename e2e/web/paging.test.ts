import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { gone, openDialog, row, shown, test, type Web } from './browser.ts';

const press = async (page: Page, name: string): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).click();

const keysOf = (amount: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: amount }, (_, index) => [`KEY_${String(index + 1).padStart(3, '0')}`, 'v']),
  );

async function filledProject(web: Web, amount: number): Promise<string> {
  const id = await web.project();
  const entries = Object.entries(keysOf(amount)).map(([key, value]) => ({ key, value }));
  await (await web.admin()).client.ok('vault_import', { project_id: id, entries });
  return id;
}

test('entries come ten a page, with page numbers, arrows, and 10, 25, 50 or 100 rows', async ({
  web,
  open,
}) => {
  const page = await open(`/web/vault?project_id=${await filledProject(web, 101)}`, {
    as: await web.admin(),
  });
  const rows = page.getByRole('button', { name: /^Show KEY/ });
  await shown(row(page, 'KEY_001'), page.getByText('1–10 of 101 entries'));
  expect(await rows.count()).toBe(10);
  expect(await page.getByRole('button', { name: 'Previous page' }).isDisabled()).toBe(true);
  await press(page, 'Next page');
  await shown(row(page, 'KEY_011'), page.getByText('11–20 of 101 entries'));
  await press(page, 'Page 11');
  await shown(row(page, 'KEY_101'), page.getByText('101 of 101 entries'));
  expect(await page.getByRole('button', { name: 'Next page' }).isDisabled()).toBe(true);
  await press(page, 'Previous page');
  await shown(row(page, 'KEY_100'));
  for (const size of [25, 50, 100]) {
    await page.getByLabel('Rows').selectOption(String(size));
    await shown(page.getByText(`1–${size} of 101 entries`));
    await expect.poll(async () => await rows.count()).toBe(size);
  }
  expect(await page.getByLabel('Rows').locator('option').allInnerTexts()).toEqual(['10', '25', '50', '100']);
});

test('while another page is on its way, the rows of the last one are there but out of use, and nothing moves', async ({
  web,
  open,
}) => {
  const page = await open(`/web/vault?project_id=${await filledProject(web, 25)}`, { as: await web.admin() });
  await shown(row(page, 'KEY_001'));
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await page.route('**/vault/fetch?*offset=10*', async (route) => {
    onAsked();
    await released;
    await route.continue();
  });
  const pages = page.getByRole('navigation', { name: 'Pages of entries' });
  const places = async () => [
    await pages.evaluate((nav) => nav.getBoundingClientRect().y + window.scrollY),
    ...(await page.locator('th').evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().x))),
  ];
  const before = await places();
  await press(page, 'Page 2');
  await asked;
  const table = page.locator('section[aria-label="Vault entries"]');
  await expect.poll(async () => await table.getAttribute('aria-busy')).toBe('true');
  expect(await table.getByText('KEY_001', { exact: true }).count()).toBe(1);
  expect(await pages.getByText('1–10 of 25 entries').count()).toBe(1);
  await page.keyboard.press('Shift+Tab');
  expect(await table.evaluate((section) => section.contains(document.activeElement))).toBe(false);
  expect(await places()).toEqual(before);
  release();
  await shown(row(page, 'KEY_011'), page.getByText('11–20 of 25 entries'));
  expect(await table.getAttribute('aria-busy')).toBeNull();
  expect(await places()).toEqual(before);
});

test('filter, page and rows are in the address: reload, back and a shared link keep them', async ({
  web,
  open,
}) => {
  const id = await filledProject(web, 60);
  const page = await open(`/web/vault?project_id=${id}`, { as: await web.admin() });
  await page.getByRole('searchbox', { name: 'Filter vaults…' }).fill('KEY_0');
  await page.getByLabel('Rows').selectOption('25'); // within the moment that the filter waits for more letters
  await page.waitForURL(/filter=KEY_0/);
  await press(page, 'Page 2');
  await shown(row(page, 'KEY_026'));
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
    project_id: id,
    filter: 'KEY_0',
    size: '25',
    page: '2',
  });
  await page.reload();
  await shown(row(page, 'KEY_026'));
  expect(await page.getByRole('searchbox', { name: 'Filter vaults…' }).inputValue()).toBe('KEY_0');

  await press(page, 'Page 3');
  await shown(row(page, 'KEY_051'));
  await page.goBack();
  await shown(row(page, 'KEY_026'));
  const shared = await open(page.url().slice(web.server.url.length), { as: web.root });
  await shown(shared.getByText(/Only members open a vault/));
  const colleague = await open(page.url().slice(web.server.url.length), {
    as: await web.person('ADMIN', id),
  });
  await shown(row(colleague, 'KEY_026'));
});

test('a filter begins at the first page, finds what is typed, and says when nothing matches', async ({
  web,
  open,
}) => {
  const page = await open(`/web/vault?project_id=${await filledProject(web, 30)}&page=3`, {
    as: await web.admin(),
  });
  await shown(row(page, 'KEY_021'));
  const filter = page.getByRole('searchbox', { name: 'Filter vaults…' });
  await filter.fill('key_007');
  await shown(row(page, 'KEY_007'), page.getByText('1 entry'));
  await filter.fill('nothing');
  await shown(page.getByText('No key matches the filter'));
});

test('a filter that looks like a number, a flag or JSON stays what was typed', async ({ web, open }) => {
  const page = await open(`/web/vault?project_id=${await filledProject(web, 12)}`, { as: await web.admin() });
  const filter = page.getByRole('searchbox', { name: 'Filter vaults…' });
  for (const typed of ['012', '1e3', 'true', 'null', '{"a":1}', '"x"']) {
    const before = page.url();
    await filter.fill(typed);
    await page.waitForURL((url) => url.href !== before);
    await page.reload();
    await filter.waitFor();
    expect(await filter.inputValue(), typed).toBe(typed);
  }
});

test('a page beyond the last one is the last one, also after its only entry was deleted', async ({
  web,
  open,
}) => {
  const id = await filledProject(web, 11);
  const page = await open(`/web/vault?project_id=${id}&page=99`, { as: await web.admin() });
  await shown(row(page, 'KEY_011'));
  await page.waitForURL(/page=2/);
  await press(page, 'Delete KEY_011');
  await openDialog(page).getByLabel('Key').fill('KEY_011');
  await press(page, 'Delete permanently');
  await shown(
    page.getByText('KEY_011 is deleted'),
    row(page, 'KEY_001'),
    page.getByText('1–10 of 10 entries'),
  );
  await gone(openDialog(page));
  expect(new URL(page.url()).searchParams.has('page')).toBe(false);

  const vaults = await open('/web/vaults?page=99', { as: await web.admin() });
  await shown(vaults.getByRole('button', { name: /^Members of/ }).first());
  const roots = await open('/web/account', { as: web.root });
  for (const [path, action] of [
    ['/web/projects', /^Members of/],
    ['/web/users', /^Change the role of/],
    ['/web/events', /^Open record/],
  ] as const) {
    await roots.goto(`${path}?page=999`);
    await shown(roots.getByRole('button', { name: action }).first());
    expect(Number(new URL(roots.url()).searchParams.get('page') ?? 1)).toBeLessThan(99);
  }
});

for (const width of [1280, 360]) {
  test(`long names and texts are there in full, and every action is in reach, at ${width} px`, async ({
    web,
    open,
  }) => {
    const me = await web.person('ADMIN');
    const key = 'LONG_KEY_'.repeat(28);
    const comment = `see ${'https://wiki.example.org/'.repeat(8)} and ask`;
    const apiPath = `/${'billing-and-shop/'.repeat(5)}v${width}`;
    const id = await web.project({}, me);
    await me.client.ok('project_update', { project_id: id, api_path: apiPath });
    await me.client.ok('vault_create', { project_id: id, key, value: 'v', comment });
    const page = await open('/web/vaults', { as: me, viewport: { width, height: 640 } });
    const isInReach = async (name: RegExp | string, role: 'button' | 'link' = 'button') => {
      const box = await page.getByRole(role, { name }).boundingBox();
      return box !== null && box.x >= 0 && box.x + box.width <= width;
    };
    /** Neither the table nor a cell has more than what one sees. */
    const hidden = async () =>
      await page
        .locator('section:has(table), tbody :is(td, th)')
        .evaluateAll((parts) => parts.filter((part) => part.scrollWidth > part.clientWidth + 1).length);
    await shown(page.getByText(apiPath));
    expect(await hidden()).toBe(0);
    expect(await isInReach(/^View Vaults of/, 'link')).toBe(true);
    expect(await isInReach(/^Members of/)).toBe(true);

    await page.getByRole('link', { name: /^View Vaults of/ }).click();
    await shown(page.getByText(key, { exact: true }), page.getByText(comment));
    expect(await hidden()).toBe(0);
    for (const action of ['Show', 'Copy', 'History of', 'Edit', 'Delete'])
      expect(await isInReach(`${action} ${key}`), action).toBe(true);
  });
}
