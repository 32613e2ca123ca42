import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { expectAccessible, gone, openDialog, row, shown, test } from './browser.ts';

const vault = (projectId: string): string => `/web/vault?project_id=${projectId}`;

const valueField = (page: Page) => page.getByRole('textbox', { name: 'Value' });
const press = async (page: Page, name: string): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).click();

test('Create New asks for key, value and comment, and the entry stands in the list, masked', async ({
  web,
  open,
}) => {
  const id = await web.project({ OTHER: 'o' });
  const page = await open(vault(id), { as: await web.admin() });
  await press(page, 'Create New');
  await page.getByLabel('Key', { exact: true }).fill('DATABASE_URL');
  await valueField(page).fill('postgres://shop\n  second line ');
  await page.getByLabel('Comment', { exact: true }).fill('the primary\none line more');
  await press(page, 'Create');
  await gone(openDialog(page));
  await shown(
    row(page, 'DATABASE_URL').getByText('the primary'),
    row(page, 'DATABASE_URL').getByText('hidden'),
  );
  const { vault: entry } = await (
    await web.admin()
  ).client.ok('vault_fetch_one', { project_id: id, key: 'DATABASE_URL' });
  expect(entry).toMatchObject({
    value: 'postgres://shop\n  second line ',
    comment: 'the primary\none line more',
    version: 1,
  });
});

test('an empty vault says how to add the first entry', async ({ web, open }) => {
  const page = await open(vault(await web.project()), { as: await web.admin() });
  await shown(page.getByText('This vault is empty'));
  await expectAccessible(page);
  await press(page, 'Create the first entry');
  await shown(page.getByRole('dialog', { name: 'New entry' }));
});

test('the command that an empty vault shows creates an entry there', async ({ web, open }) => {
  const id = await web.project();
  const { client } = await web.admin();
  await client.ok('environment_create', { project_id: id, id: 'staging', name: 'Staging' });
  const page = await open(`${vault(id)}&environment=staging`, {
    as: await web.admin(),
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await press(page, 'Copy the command');
  await shown(page.getByText('Copied the command'));
  const command = await page.evaluate(async () => await navigator.clipboard.readText());
  expect(await page.getByLabel('Command', { exact: true }).innerText()).toBe(command);
  expect(command).toContain(`curl -X POST ${web.server.url}/vault/create`);
  await promisify(execFile)('sh', ['-c', command], { env: { ...process.env, COFFER_TOKEN: client.token } });
  await page.reload();
  await shown(row(page, 'DATABASE_URL'));
});

test('a refused key shows the rule beneath the field and keeps what was typed', async ({ web, open }) => {
  const page = await open(vault(await web.project({ TAKEN: 't' })), { as: await web.admin() });
  const key = page.getByLabel('Key', { exact: true });
  await press(page, 'Create New');
  await key.fill('database-url');
  await valueField(page).fill('typed');
  await press(page, 'Create');
  await shown(page.getByText('This field must contain only upper-case letters A-Z, digits and underscores.'));
  expect(await key.getAttribute('aria-invalid')).toBe('true');
  expect(await valueField(page).inputValue()).toBe('typed');
  await key.fill('TAKEN');
  await press(page, 'Create');
  await shown(page.getByText('This key is taken: edit the entry instead.'));
  expect(await valueField(page).inputValue()).toBe('typed');
});

test('every mask is alike; Show fetches the value on click and Hide takes it away', async ({ web, open }) => {
  const id = await web.project({ LONG: 'long '.repeat(100), SHORT: 's3c', EMPTY: '' });
  const page = await open(vault(id), { as: await web.admin() });
  await shown(row(page, 'LONG'));
  const masks = await page.locator('tbody tr td:nth-child(2)').allInnerTexts();
  expect(masks).toHaveLength(3);
  expect(new Set(masks).size).toBe(1);

  const fetched = page.waitForResponse((response) => response.url().includes('/vault/fetch/one'));
  await press(page, 'Show SHORT');
  await fetched;
  await shown(page.getByLabel('Value').getByText('s3c', { exact: true }));
  await press(page, 'Show LONG');
  await gone(page.getByText('s3c', { exact: true }));
  await press(page, 'Hide LONG');
  await gone(page.getByLabel('Value'));
});

test('a shown value hides after 30 seconds', async ({ web, open }) => {
  const page = await open('/web/account', { as: await web.admin() });
  await page.clock.install();
  await page.goto(vault(await web.project({ KEY: 's3cret' })));
  await press(page, 'Show KEY');
  await shown(page.getByText('s3cret'));
  await page.clock.runFor(29_000);
  await shown(page.getByText('s3cret'));
  await page.clock.runFor(1500);
  await gone(page.getByText('s3cret'));
  await shown(page.getByRole('button', { name: 'Show KEY' }));
});

test('a shown value hides when the tab is left, and when another page of the list is opened', async ({
  web,
  open,
}) => {
  const keys = Array.from({ length: 11 }, (_, index) => [`KEY_${10 + index}`, `s3cret-${index}`]);
  const page = await open(vault(await web.project(Object.fromEntries(keys))), { as: await web.admin() });
  await press(page, 'Show KEY_10');
  await shown(page.getByText('s3cret-0', { exact: true }));
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await gone(page.getByText('s3cret-0', { exact: true }));
  await page.evaluate(() => Object.defineProperty(document, 'visibilityState', { value: 'visible' }));

  await press(page, 'Show KEY_10');
  await shown(page.getByText('s3cret-0', { exact: true }));
  await press(page, 'Page 2');
  await shown(row(page, 'KEY_20'));
  await press(page, 'Page 1');
  await shown(page.getByRole('button', { name: 'Show KEY_10' }));
  expect(await page.getByText('s3cret-0', { exact: true }).count()).toBe(0);
});

test('Copy puts the value into the clipboard without showing it', async ({ web, open }) => {
  const page = await open(vault(await web.project({ KEY: 's3cret\n' })), {
    as: await web.admin(),
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await press(page, 'Copy KEY');
  await shown(page.getByText('Copied KEY'));
  expect(await page.evaluate(async () => await navigator.clipboard.readText())).toBe('s3cret\n');
  expect(await page.content()).not.toContain('s3cret');
});

test('without a clipboard Copy fetches nothing and says what to do instead', async ({ web, open }) => {
  const page = await open('/web/account', { as: await web.admin() });
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'clipboard'));
  await page.goto(vault(await web.project({ KEY: 's3cret' })));
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  await press(page, 'Copy KEY');
  await shown(page.getByText('Copying works over https only. Show the value and select it instead.'));
  expect(fetched).not.toContain('/vault/fetch/one');
});

test('a session that ended elsewhere leads to the sign-in, without a complaint beside it', async ({
  web,
  open,
}) => {
  const person = await web.person('ADMIN');
  const page = await open(vault(await web.project({ KEY: 'k' }, person)), { as: person });
  await shown(row(page, 'KEY'));
  await person.client.ok('user_logout', {});
  await press(page, 'Show KEY');
  await shown(page.getByText('Your session has ended.', { exact: false }));
  expect(await page.getByRole('button', { name: 'Dismiss' }).count()).toBe(0);
});

test('a shown value has a row of its own, with all of its lines', async ({ web, open }) => {
  const value = Array.from({ length: 60 }, (_, index) => `line ${index}`).join('\n');
  const page = await open(vault(await web.project({ KEY: value })), { as: await web.admin() });
  await press(page, 'Show KEY');
  const text = page.getByLabel('Value of KEY');
  expect(await text.innerText()).toBe(value);
  await expectAccessible(page);
  const table = await page.getByRole('table').boundingBox();
  const box = await text.boundingBox();
  expect(box?.width).toBeGreaterThan((table?.width ?? 0) * 0.9);
  expect(box?.height).toBeLessThan(400);
  expect(await text.evaluate((pre) => pre.scrollHeight > pre.clientHeight)).toBe(true);
});

test('deleting says that it is permanent and asks for the name of the key', async ({ web, open }) => {
  const id = await web.project({ KEY: 'k', OTHER: 'o' });
  const page = await open(vault(id), { as: await web.admin() });
  await press(page, 'Delete KEY');
  const dialog = page.getByRole('alertdialog', { name: 'Delete KEY?' });
  await shown(dialog.getByText(/Deleting is permanent/));
  const button = dialog.getByRole('button', { name: 'Delete permanently' });
  expect(await button.isDisabled()).toBe(true);
  await dialog.getByLabel('Key').fill('KE');
  expect(await button.isDisabled()).toBe(true);
  await dialog.getByLabel('Key').fill('KEY');
  await button.click();
  await gone(row(page, 'KEY'));
  await shown(row(page, 'OTHER'));
  const { client } = await web.admin();
  expect(await client.refused('vault_fetch_one', { project_id: id, key: 'KEY' })).toBe('entry_not_found');
});

test('a key too long to type is copied', async ({ web, open }) => {
  const key = 'LONG_KEY_'.repeat(28);
  const page = await open(vault(await web.project({ [key]: 'k', KEY: 'k' })), {
    as: await web.admin(),
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await press(page, `Delete ${key}`);
  await press(page, 'Copy the name');
  await shown(page.getByText('Copied the name'));
  await page.getByRole('alertdialog').getByLabel('Key').focus();
  await page.keyboard.press('Control+v');
  await press(page, 'Delete permanently');
  await gone(row(page, key));
  await press(page, 'Delete KEY');
  await shown(page.getByRole('alertdialog'));
  expect(await page.getByRole('button', { name: 'Copy the name' }).count()).toBe(0);
});

test('the environment switch is there only when there is more than one', async ({ web, open }) => {
  const id = await web.project({ HERE: 'h' });
  const { client } = await web.admin();
  const page = await open(vault(id), { as: await web.admin() });
  await shown(row(page, 'HERE'));
  expect(await page.getByLabel('Environment').count()).toBe(0);

  await client.ok('environment_create', { project_id: id, id: 'staging', name: 'Staging' });
  await client.ok('vault_create', { project_id: id, environment: 'staging', key: 'THERE', value: 't' });
  await page.reload();
  await page.getByLabel('Environment').selectOption('Staging');
  await shown(row(page, 'THERE'));
  await gone(row(page, 'HERE'));
  expect(page.url()).toContain('environment=staging');
  const name = id.replace('shop_', 'Shop ');
  expect(await page.title()).toBe(`${name} · Vaults (staging) · Coffer`);

  await page.getByLabel('Filter vaults…').fill('ERE');
  await page.waitForURL(/filter=ERE/);
  await page.getByLabel('Environment').selectOption('default');
  await shown(row(page, 'HERE'));
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ project_id: id, filter: 'ERE' });
  await expect.poll(async () => await page.title()).toBe(`${name} · Vaults (default) · Coffer`);
});

test('rows have one height, whenever they were changed; keys name their rows', async ({ web, open }) => {
  const id = await web.project({ OLD: 'o' });
  const page = await open('/web/account', { as: await web.admin() });
  await page.clock.install({ time: Date.now() + 15 * 60_000 });
  await page.goto(`/web/vault?project_id=${id}`);
  await shown(page.getByText('15 minutes ago'), page.getByRole('rowheader', { name: 'OLD' }));
  const height = async () => (await row(page, 'OLD').boundingBox())?.height;
  const before = await height();
  await page.clock.setFixedTime(Date.now());
  await page.reload();
  await shown(page.getByText('just now'));
  expect(await height()).toBe(before);
  await page.getByRole('button', { name: 'Show OLD' }).click();
  await shown(page.getByText('shown below'));
  expect(await height()).toBe(before);
  expect(await page.getByText('••••').count()).toBe(0);
});

test('a long comment and a long description show three lines until more is asked for', async ({
  web,
  open,
}) => {
  const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`).join('\n');
  const me = await web.person('ADMIN');
  const id = await web.project({ SHORT: 's' }, me);
  await me.client.ok('vault_create', { project_id: id, key: 'LONG', value: 'v', comment: lines });
  await me.client.ok('project_update', { project_id: id, description: lines });
  const page = await open(`/web/vault?project_id=${id}`, { as: me });
  await shown(row(page, 'LONG'));
  const height = async (name: string) => (await row(page, name).boundingBox())?.height ?? 0;
  expect(await height('LONG')).toBeLessThan(110);
  expect(await page.getByRole('button', { name: /^Show more/ }).count()).toBe(1);
  await page.getByRole('button', { name: 'Show more of the comment of LONG' }).click();
  expect(await height('LONG')).toBeGreaterThan(200);
  await page.getByRole('button', { name: 'Show less of the comment of LONG' }).click();
  expect(await height('LONG')).toBeLessThan(110);
  await page.goto('/web/vaults');
  await shown(page.getByRole('button', { name: /^Show more of the description of Shop/ }));
  expect(await height(id)).toBeLessThan(120);
});

test('two clicks at once create and change an entry once', async ({ web, open }) => {
  const id = await web.project({ OLD: 'o' });
  const page = await open(`/web/vault?project_id=${id}`, { as: await web.admin() });
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') sent.push(new URL(request.url()).pathname);
  });
  const pressTwice = async (name: string) =>
    await openDialog(page)
      .getByRole('button', { name, exact: true })
      .evaluate((button: HTMLButtonElement) => {
        button.click();
        button.click();
      });
  await page.getByRole('button', { name: 'Create New' }).click();
  await page.getByLabel('Key', { exact: true }).fill('lower');
  await pressTwice('Create');
  await shown(page.getByText('This field must contain only', { exact: false }));
  await page.getByLabel('Key', { exact: true }).fill('KEY');
  await pressTwice('Create');
  await shown(page.getByText('KEY is saved'));
  await gone(openDialog(page));
  await page.getByRole('button', { name: 'Edit KEY' }).click();
  await pressTwice('Update');
  await shown(page.getByText('KEY is at version 2 now'));
  await gone(openDialog(page));
  await page.getByRole('button', { name: 'Delete OLD' }).click();
  await openDialog(page).getByLabel('Key').fill('OLD');
  await pressTwice('Delete permanently');
  await gone(openDialog(page));
  const changes = sent.filter((path) => path.startsWith('/vault/'));
  expect(changes).toEqual(['/vault/create', '/vault/create', '/vault/update', '/vault/delete']);
});

test('an empty vault shows the command of the command line for its place', async ({ web, open }) => {
  const id = await web.project();
  await (
    await web.admin()
  ).client.ok('environment_create', { project_id: id, id: 'staging', name: 'Staging' });
  const page = await open(`/web/vault?project_id=${id}&environment=staging`, { as: await web.admin() });
  await shown(page.getByText(`coffer set DATABASE_URL --project ${id} --env staging`));
});
