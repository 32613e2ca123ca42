import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { gone, openDialog, row, shown, test } from './browser.ts';

const press = async (page: Page, name: string): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).click();

const keysOf = (amount: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: amount }, (_, index) => [`KEY_${String(index + 1).padStart(3, '0')}`, 'v']),
  );

test('the vaults are those of my projects, with name, id, description, API path and members', async ({
  web,
  open,
}) => {
  const theirs = await web.project();
  const me = await web.person('ADMIN');
  const mine = await web.project({}, me);
  await me.client.ok('project_update', { project_id: mine, description: 'Sells things' });
  const page = await open('/web/vaults', { as: me });
  const mineRow = row(page, mine);
  await shown(
    mineRow.getByText('Sells things'),
    mineRow.getByText(`/${mine}`),
    mineRow.getByRole('button', { name: /^Members of/ }),
  );
  expect(await mineRow.getByRole('button').innerText()).toContain('1');
  expect(await page.getByText(theirs, { exact: true }).count()).toBe(0);
});

test('who is a member of nothing is told how to begin', async ({ web, open }) => {
  const page = await open('/web/vaults', { as: await web.person('ADMIN') });
  await shown(page.getByText('You are not a member of any project yet'));
  await page.getByRole('link', { name: 'Go to the projects' }).click();
  await shown(page.getByRole('heading', { name: 'Projects', level: 1 }));
});

test('the name and View Vaults lead to the entries', async ({ web, open }) => {
  const me = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, me);
  const page = await open('/web/vaults', { as: me });
  const name = id.replace('shop_', 'Shop ');
  await page.getByRole('link', { name, exact: true }).click();
  await shown(page.getByRole('heading', { name, level: 1 }), row(page, 'KEY'));
  await page.getByRole('link', { name: 'Vaults' }).first().click();
  await page.getByRole('link', { name: `View Vaults of ${name}` }).click();
  await shown(row(page, 'KEY'));
  expect(new URL(page.url()).search).toBe(`?project_id=${id}`);
});

test('the projects are filtered by what is typed', async ({ web, open }) => {
  const me = await web.person('ADMIN');
  const [first, second] = [await web.project({}, me), await web.project({}, me)];
  const page = await open('/web/vaults', { as: me });
  await shown(row(page, first), row(page, second));
  await page.getByLabel('Filter projects…').fill(second);
  await gone(row(page, first));
  await shown(row(page, second));
  await page.getByLabel('Filter projects…').fill('nothing like it');
  await shown(page.getByText('No project matches the filter'));
});

test('members are viewed, searched, added and removed in a dialog', async ({ web, open }) => {
  const me = await web.person('ADMIN');
  const id = await web.project({}, me);
  const { client: author } = await web.person('AUTHOR', id);
  const { client: viewer } = await web.person('VIEWER');
  const page = await open('/web/vaults', { as: me });
  await page.getByRole('button', { name: /^Members of/ }).click();
  const dialog = openDialog(page);
  const members = dialog.getByRole('table');
  await shown(
    members.getByText(me.client.username, { exact: true }),
    members.getByText(author.username, { exact: true }),
  );
  await dialog.getByLabel('Filter members…').fill(author.username);
  await gone(members.getByText(me.client.username, { exact: true }));
  await dialog.getByLabel('Filter members…').fill('');
  await shown(members.getByText(me.client.username, { exact: true }));

  await dialog.getByLabel('Add someone: name or address…').fill(viewer.username);
  await press(page, `Add ${viewer.username}`);
  await shown(members.getByText(viewer.username, { exact: true }));
  await viewer.ok('project_fetch_one', { project_id: id });

  await press(page, `Remove ${viewer.username}`);
  await shown(page.getByText('They lose access at once.', { exact: false }));
  await press(page, 'Remove member');
  await shown(page.getByText(`${viewer.username} is no longer a member`), members);
  await gone(members.getByText(viewer.username, { exact: true }));
  expect(await viewer.refused('project_fetch_one', { project_id: id })).toBe('project_not_found');
});

test('taking the last manager out of a project says what that means', async ({ web, open }) => {
  const me = await web.person('ADMIN');
  await web.project({}, me);
  const page = await open('/web/vaults', { as: me });
  await page.getByRole('button', { name: /^Members of/ }).click();
  await press(page, `Remove ${me.client.username}`);
  await press(page, 'Remove member');
  await shown(page.getByText(/This is the last ROOT or ADMIN member/));
  await press(page, 'Remove all the same');
  await shown(page.getByText('You are not a member of any project yet'));
});

test('users come 15 a page', async ({ web, open }) => {
  const page = await open('/web/users', { as: web.root });
  await shown(row(page, 'rosa@example.org'));
  expect(await page.getByLabel('Rows').inputValue()).toBe('15');
});

test('events are filtered by project, type, person and day, and each row opens its record', async ({
  web,
  open,
}) => {
  const me = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, me);
  await me.client.ok('vault_fetch_one', { project_id: id, key: 'KEY' });
  const page = await open('/web/events', { as: me });
  const types = page.locator('tbody tr td:nth-child(4)');
  await page.getByLabel('Project').fill(id);
  await page.getByLabel('Project').press('Enter');
  await page.waitForURL(/project_id=/);
  await expect
    .poll(async () => new Set(await types.allInnerTexts()))
    .toEqual(new Set(['project_create', 'vault_create', 'vault_view']));
  await page.getByLabel('What').selectOption('vault_view');
  await expect.poll(async () => await types.allInnerTexts()).toEqual(['vault_view']);
  await page.getByRole('button', { name: /^Open record/ }).click();
  const dialog = openDialog(page);
  await shown(
    dialog.getByText('success'),
    dialog.getByText(`${me.client.username} (${me.client.uid})`),
    dialog.getByText('KEY', { exact: true }),
  );
  await page.keyboard.press('Escape');

  await page.getByLabel('Who').fill(web.root.client.uid);
  await page.getByLabel('Who').press('Enter');
  await shown(page.getByText('No event matches'));
  await page.goto(`/web/events?project_id=${id}&to=2020-01-01`);
  await shown(page.getByText('No event matches'));
});

test('the export of the events is valid JSON lines of all that match', async ({ web, open }) => {
  const me = await web.person('ADMIN');
  const id = await web.project(keysOf(120), me);
  const page = await open(`/web/events?project_id=${id}`, { as: me });
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Export')]);
  expect(download.suggestedFilename()).toBe('coffer-events.jsonl');
  const chunks = await (await download.createReadStream()).toArray();
  const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
  // any: what the server sent, looked at below.
  const events = lines.map((line): any => JSON.parse(line));
  expect(events.filter(({ type }) => type === 'vault_create')).toHaveLength(120);
  expect(new Set(events.map(({ index }) => index)).size).toBe(events.length);
  await shown(page.getByText(`${lines.length} events exported`));
});

test('an id is made of the letters of a name, without their marks', async ({ web, open }) => {
  const page = await open('/web/projects', { as: await web.admin() });
  await page.getByRole('button', { name: 'Create a new project' }).first().click();
  for (const [name, id] of [
    ['Näw Shop', 'naw_shop'],
    ['Näw', 'naw'],
    ['Ü', 'u_project'],
    ['Straße 7!', 'strasse_7'],
    ['…', ''],
  ] as const) {
    await page.getByLabel('Name', { exact: true }).fill(name);
    expect(await page.getByLabel('Id', { exact: true }).inputValue()).toBe(id);
  }
});
