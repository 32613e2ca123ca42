import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { gone, openDialog, row, shown, test } from './browser.ts';

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
  await page.getByLabel('Comment', { exact: true }).fill('the primary');
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
    comment: 'the primary',
    version: 1,
  });
});

test('an empty vault says how to add the first entry', async ({ web, open }) => {
  const page = await open(vault(await web.project()), { as: await web.admin() });
  await shown(page.getByText('This vault is empty'), page.getByText('POST /vault/create'));
  await press(page, 'Create the first entry');
  await shown(page.getByRole('dialog', { name: 'New entry' }));
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
  await shown(page.getByText('The value of KEY is in the clipboard'));
  expect(await page.evaluate(async () => await navigator.clipboard.readText())).toBe('s3cret\n');
  expect(await page.content()).not.toContain('s3cret');
});

test('the pencil opens the current value, and Update makes a new version', async ({ web, open }) => {
  const id = await web.project({ KEY: 'line one\nline two' });
  const page = await open(vault(id), { as: await web.admin() });
  await press(page, 'Edit KEY');
  expect(await valueField(page).inputValue()).toBe('line one\nline two');
  await valueField(page).fill('line one\nline 2\nline three');
  await press(page, 'Update');
  await shown(page.getByText('KEY is at version 2 now'));
  await gone(openDialog(page));
  const { vault: entry } = await (
    await web.admin()
  ).client.ok('vault_fetch_one', { project_id: id, key: 'KEY' });
  expect(entry).toMatchObject({ value: 'line one\nline 2\nline three', version: 2 });
});

test('a value with CR LF stays byte for byte when only the comment is edited', async ({ web, open }) => {
  const value = 'one\r\ntwo\rthree\n\n';
  const id = await web.project({ KEY: value });
  const page = await open(vault(id), { as: await web.admin() });
  await press(page, 'Edit KEY');
  await valueField(page).waitFor();
  await page.getByLabel('Comment', { exact: true }).fill('with Windows line ends');
  await press(page, 'Update');
  await shown(row(page, 'KEY').getByText('with Windows line ends'));
  const { vault: entry } = await (
    await web.admin()
  ).client.ok('vault_fetch_one', { project_id: id, key: 'KEY' });
  expect(entry.value).toBe(value);
});

for (const way of ['Update', 'Discard mine and show theirs'] as const) {
  test(`who saves meanwhile is not overwritten, what was typed is kept: ${way}`, async ({ web, open }) => {
    const id = await web.project({ KEY: 'first' });
    const admin = await web.admin();
    const page = await open(vault(id), { as: admin });
    await press(page, 'Edit KEY');
    await valueField(page).fill('mine');
    await admin.client.ok('vault_update', { project_id: id, key: 'KEY', value: 'theirs' });
    await press(page, 'Update');
    await shown(page.getByText(/saved version 2 while you were editing/));
    expect(await valueField(page).inputValue()).toBe('mine');
    const current = async (): Promise<string> =>
      (await admin.client.ok('vault_fetch_one', { project_id: id, key: 'KEY' })).vault.value;
    expect(await current()).toBe('theirs');

    await press(page, way);
    if (way === 'Update') {
      await gone(openDialog(page));
      expect(await current()).toBe('mine');
    } else {
      await gone(page.getByText(/while you were editing/));
      expect(await valueField(page).inputValue()).toBe('theirs');
      await valueField(page).fill('both');
      await press(page, 'Update');
      await gone(openDialog(page));
      expect(await current()).toBe('both');
    }
  });
}

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

test('the history shows who changed what when, shows one version and restores it', async ({ web, open }) => {
  const id = await web.project({ KEY: 'old value' });
  const admin = await web.admin();
  await admin.client.ok('vault_update', { project_id: id, key: 'KEY', value: 'new value' });
  const page = await open(vault(id), { as: admin });
  await press(page, 'History of KEY');
  const dialog = page.getByRole('dialog', { name: 'History of KEY' });
  await shown(dialog.getByText('current'), dialog.getByRole('cell', { name: admin.client.username }).first());
  await press(page, 'Show version 1');
  await shown(dialog.getByText('old value'));
  await press(page, 'Hide version 1');
  await gone(dialog.getByText('old value'));

  await press(page, 'Restore version 1');
  await shown(dialog.getByText(/Its value and comment become a new version; the versions in between stay/));
  await dialog.getByRole('button', { name: 'Restore version 1' }).last().click();
  await shown(
    page.getByText('Version 1 is restored as version 3'),
    dialog.getByRole('cell', { name: '3 current' }),
  );
  const { vault: entry } = await admin.client.ok('vault_fetch_one', { project_id: id, key: 'KEY' });
  expect(entry).toMatchObject({ value: 'old value', version: 3 });
});

test('a .env text is previewed, and one button imports it', async ({ web, open }) => {
  const id = await web.project({ OLD: 'before' });
  const page = await open(vault(id), { as: await web.admin() });
  await press(page, 'Create New');
  await press(page, 'Paste a .env file…');
  await page
    .getByLabel('Text of a .env file')
    .fill('# made by hand\nNEW="x y"\nOLD=after\nlower=1\nnonsense');
  await shown(
    page.getByText('1 new, 1 changed, 1 refused'),
    page.getByText('Line 5 is not an assignment and will be left out.'),
  );
  await press(page, 'Import 2 entries');
  await shown(page.getByText('1 new, 1 changed, 0 unchanged'), row(page, 'NEW'));
  await gone(openDialog(page));
  const value = async (key: string): Promise<string> =>
    (await (await web.admin()).client.ok('vault_fetch_one', { project_id: id, key })).vault.value;
  expect([await value('NEW'), await value('OLD')]).toEqual(['x y', 'after']);
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
});
