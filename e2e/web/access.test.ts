import { ROLES, type Role } from '@coffer/core';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { gone, row, shown, test } from './browser.ts';

const LINKS: Readonly<Record<Role, readonly string[]>> = {
  ROOT: ['Vaults', 'Projects', 'Routes', 'Tokens', 'Users', 'Events'],
  ADMIN: ['Vaults', 'Projects', 'Routes', 'Tokens', 'Events'],
  AUTHOR: ['Projects', 'Routes', 'Tokens'],
  VIEWER: ['Projects', 'Tokens'],
};
const isManager = (role: Role): boolean => role === 'ROOT' || role === 'ADMIN';

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1, exact: true });

for (const role of ROLES) {
  test(`${role} sees links to what the role may use, and no other`, async ({ web, open }) => {
    const page = await open('/web/account', { as: await web.person(role) });
    const nav = page.getByRole('navigation', { name: 'Main' });
    await shown(heading(page, 'My account'));
    expect(await nav.getByRole('link').allInnerTexts()).toEqual(LINKS[role]);
  });

  test(`${role} who types the address of a page that is not for them is told so`, async ({ web, open }) => {
    const page = await open('/web/account', { as: await web.person(role) });
    for (const [path, title] of [
      ['/web/vaults', 'Vaults'],
      ['/web/routes', 'Routes'],
      ['/web/users', 'Users'],
      ['/web/events', 'Events'],
    ] as const) {
      await page.goto(path);
      await shown(heading(page, LINKS[role].includes(title) ? title : 'Not allowed'));
    }
  });

  test(`${role} as a member of a project`, async ({ web, open }) => {
    const id = await web.project({ KEY: 'k' });
    const page = await open('/web/projects', { as: await web.person(role, id) });
    await page.getByLabel('Filter projects…').fill(id);
    await shown(row(page, id));
    await expect
      .poll(async () => await page.getByRole('link', { name: /^View Vaults/ }).count())
      .toBe(isManager(role) ? 1 : 0);
    await page.goto(`/web/project?id=${id}`);
    await shown(page.getByRole('heading', { name: 'Members' }));
    for (const name of ['Save settings', 'Delete project', 'Add environment']) {
      expect(await page.getByRole('button', { name }).count(), name).toBe(isManager(role) ? 1 : 0);
    }
    await page.goto(`/web/vault?project_id=${id}`);
    await (isManager(role) ? shown(row(page, 'KEY')) : shown(heading(page, 'Not allowed')));
  });

  test(`${role} as a stranger to a project`, async ({ web, open }) => {
    const id = await web.project({ KEY: 'k' });
    const page = await open(`/web/vault?project_id=${id}`, { as: await web.person(role) });
    await shown(heading(page, role === 'ROOT' ? 'Not allowed' : 'Not found'));
    expect(await page.getByText('KEY', { exact: true }).count()).toBe(0);
    await page.goto(`/web/project?id=${id}`);
    await shown(heading(page, role === 'ROOT' ? id.replace('shop_', 'Shop ') : 'Not found'));
  });
}

test('a project that does not exist, or no project at all, is a plain not found', async ({ web, open }) => {
  const page = await open('/web/account', { as: await web.admin() });
  for (const path of [
    'vault?project_id=nowhere',
    'vault',
    'project?id=nowhere',
    'project',
    'vault?project_id=A%20B',
    'nowhere',
  ]) {
    await page.goto(`/web/${path}`);
    await shown(heading(page, 'Not found'));
  }
  const id = await web.project({ KEY: 'k' });
  await page.goto(`/web/vault?project_id=${id}&environment=nowhere`);
  await shown(heading(page, 'Not found'));
});

test('what is nowhere is told within the frame, with a way on, and each page has a title of its own', async ({
  web,
  open,
}) => {
  const id = await web.project({}, web.root);
  const page = await open('/web/nowhere', { as: web.root });
  await shown(heading(page, 'Not found'), page.getByRole('navigation', { name: 'Main' }));
  const titles = new Set<string>();
  const paths = ['nowhere', 'vaults', `vault?project_id=${id}`, 'projects', 'users', 'events', 'account'];
  for (const path of [...paths, `project?id=${id}`]) {
    await page.goto(`/web/${path}`);
    await shown(page.getByRole('heading', { level: 1 }));
    titles.add(await page.title());
  }
  expect(titles.size).toBe(paths.length + 1);
  expect([...titles].at(-1)).toBe(`${id.replace('shop_', 'Shop ')} · Projects · Coffer`);
});

test('an id or path of another project is refused beneath its field', async ({ web, open }) => {
  const id = await web.project();
  const page = await open('/web/projects', { as: await web.admin() });
  await page.getByRole('button', { name: 'Create a new project' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Another');
  await page.getByLabel('Id', { exact: true }).fill(id);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await shown(page.getByText('Another project has this id.'));
  expect(await page.getByLabel('Id', { exact: true }).getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('Id', { exact: true }).fill(`${id}_b`);
  await page.getByLabel('API path').fill(`/${id}`);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect.poll(async () => await page.getByLabel('API path').getAttribute('aria-invalid')).toBe('true');
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Another');
});

test('who removes themselves is told what they lose; the focus stays in the dialog of the members', async ({
  web,
  open,
}) => {
  const me = await web.person('ADMIN');
  const id = await web.project({}, me);
  const { client: other } = await web.person('VIEWER');
  const page = await open('/web/projects', { as: me });
  await page.getByRole('button', { name: /^Members of/ }).click();
  const members = page.getByRole('dialog', { name: /^Members of/ });
  const adding = members.getByRole('group', { name: 'Add a member' });
  await adding.getByRole('searchbox').fill(other.username);
  await adding.getByRole('button', { name: `Add ${other.username}` }).click();
  await shown(members.getByRole('button', { name: `Remove ${other.username}` }));
  const holdsFocus = async (locator: Locator): Promise<boolean> =>
    await locator.evaluate((element) => element.contains(document.activeElement));
  await expect.poll(async () => await holdsFocus(adding)).toBe(true);

  await members.getByRole('button', { name: `Remove ${me.client.username}` }).click();
  const confirm = page.getByRole('alertdialog');
  await shown(confirm.getByText('You lose access to its vault at once', { exact: false }));
  for (let tab = 0; tab < 5; tab += 1) {
    await page.keyboard.press('Tab');
    await expect.poll(async () => await holdsFocus(confirm)).toBe(true);
  }
  await confirm.getByRole('button', { name: 'Cancel' }).click();
  await gone(confirm);
  await members.getByRole('button', { name: `Remove ${other.username}` }).click();
  await confirm.getByRole('button', { name: 'Remove member' }).click();
  await gone(confirm);
  await expect.poll(async () => await holdsFocus(members)).toBe(true);
  expect(await other.refused('project_fetch_one', { project_id: id })).toBe('project_not_found');
});

test('ROOT who is not a member adds themselves, on record, and then opens the vault', async ({
  web,
  open,
}) => {
  const id = await web.project({ KEY: 'k' });
  const page = await open(`/web/project?id=${id}`, { as: web.root });
  await shown(page.getByText('You are not a member of this project, so its vault is closed to you.'));
  await page.getByRole('button', { name: 'Add me as a member (on record)' }).click();
  await page.getByRole('link', { name: 'View Vaults' }).click();
  await shown(row(page, 'KEY'));
  const { events } = await web.root.client.ok('event_fetch', { project_id: id, type: 'project_member_add' });
  expect(events[0]).toMatchObject({ uid: web.root.client.uid, outcome: 'success' });
});

test('who loses the right while the page is open is told so at the next step', async ({ web, open }) => {
  const id = await web.project({ KEY: 'k' });
  const person = await web.person('ADMIN', id);
  const page = await open(`/web/vault?project_id=${id}`, { as: person });
  await shown(row(page, 'KEY'));
  await web.root.client.ok('user_update', { uid: person.client.uid, role: 'VIEWER' });
  await page.getByRole('button', { name: 'Show KEY' }).click();
  await shown(page.getByText(/not allow|may not|role/i).last());
  expect(await page.getByLabel('Value').count()).toBe(0);
  await page.reload();
  await shown(heading(page, 'Not allowed'));
});

test('a project is created, changed and deleted after typing its id', async ({ web, open }) => {
  const person = await web.person('ADMIN');
  const page = await open('/web/projects', { as: person });
  await page.getByRole('button', { name: 'Create a new project' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Online Shop');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await shown(heading(page, 'Online Shop'));
  await page.goto('/web/project?id=online_shop');
  await page.getByLabel('Description').fill('Sells things');
  await page.getByRole('button', { name: 'Save settings' }).click();
  await shown(page.getByText('Settings saved'));
  await page.getByRole('button', { name: 'Delete project' }).click();
  await page.getByLabel('Project id').fill('online_shop');
  await page.getByRole('button', { name: 'Delete project permanently' }).click();
  await shown(heading(page, 'Projects'), page.getByText('There are no projects yet'));
  await shown(page.getByText('$COFFER_TOKEN'), page.getByRole('button', { name: 'Copy the command' }));
  await gone(page.getByRole('alertdialog'));
});

test('an environment is added and, being empty, deleted', async ({ web, open }) => {
  const page = await open(`/web/project?id=${await web.project()}`, { as: await web.admin() });
  await page.getByRole('button', { name: 'Add environment' }).click();
  await page.getByLabel('Name', { exact: true }).last().fill('Staging');
  await page.getByLabel('Id', { exact: true }).fill('staging');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('button', { name: 'Delete Staging' }).click();
  await page.getByRole('button', { name: 'Delete environment' }).click();
  await shown(page.getByText('Staging is deleted'));
  await gone(page.getByRole('link', { name: 'Staging' }));
});
