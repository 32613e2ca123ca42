import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { gone, openDialog, row, shown, test } from './browser.ts';

const vault = (projectId: string): string => `/web/vault?project_id=${projectId}`;

const valueField = (page: Page) => page.getByRole('textbox', { name: 'Value' });
const press = async (page: Page, name: string): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).click();

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
