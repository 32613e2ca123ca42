import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import {
  everythingOf,
  expectAccessible,
  gone,
  openDialog,
  row,
  shown,
  test,
  type Open,
  type Web,
} from './browser.ts';

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

/** The edit dialog with `mine` typed into it, after someone else saved `theirs` and Update was refused. */
async function conflict(web: Web, open: Open): Promise<{ page: Page; current: () => Promise<Current> }> {
  const id = await web.project({ KEY: 'first' });
  const admin = await web.admin();
  const page = await open(vault(id), { as: admin });
  await press(page, 'Edit KEY');
  await valueField(page).fill('mine');
  const other = await web.person('ADMIN', id);
  await other.client.ok('vault_update', {
    project_id: id,
    key: 'KEY',
    value: 't-h-e-i-r-s',
    comment: 'their words',
  });
  await press(page, 'Update');
  await shown(
    page.getByText(
      `${other.client.username} saved version 2 while you were editing. Nothing was overwritten, and what you typed is still here.`,
    ),
  );
  expect(await valueField(page).inputValue()).toBe('mine');
  return {
    page,
    current: async () => (await admin.client.ok('vault_fetch_one', { project_id: id, key: 'KEY' })).vault,
  };
}
type Current = { value: string; comment: string; version: number };

test('who saved meanwhile is not overwritten: their version is shown on click, mine stays beside it', async ({
  web,
  open,
}) => {
  const { page, current } = await conflict(web, open);
  expect(await current()).toMatchObject({ value: 't-h-e-i-r-s', version: 2 });
  expect(await everythingOf(page)).not.toContain('t-h-e-i-r-s');
  await press(page, 'Show version 2');
  await shown(
    page.getByLabel('Value of version 2').getByText('t-h-e-i-r-s', { exact: true }),
    page.getByText('Comment: their words'),
  );
  expect(await valueField(page).inputValue()).toBe('mine');
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 640 });
  expect(await openDialog(page).evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth)).toBe(0);
  await expectAccessible(page);
  await press(page, 'Hide version 2');
  await gone(page.getByLabel('Value of version 2'));
});

test('mine is saved on top of theirs, and a comment that I left alone stays theirs', async ({
  web,
  open,
}) => {
  const { page, current } = await conflict(web, open);
  await press(page, 'Save mine as version 3');
  await shown(page.getByText('KEY is at version 3 now'));
  await gone(openDialog(page));
  expect(await current()).toMatchObject({ value: 'mine', comment: 'their words', version: 3 });
});

test('theirs is taken instead, and edited further', async ({ web, open }) => {
  const { page, current } = await conflict(web, open);
  await press(page, 'Take theirs');
  await gone(page.getByText(/while you were editing/));
  expect(await valueField(page).inputValue()).toBe('t-h-e-i-r-s');
  expect(await page.getByLabel('Comment', { exact: true }).inputValue()).toBe('their words');
  await valueField(page).fill('both');
  await press(page, 'Update');
  await gone(openDialog(page));
  expect(await current()).toMatchObject({ value: 'both', version: 3 });
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
  const confirm = page.getByRole('alertdialog', { name: 'Restore version 1?' });
  await shown(confirm.getByText(/become a new version; the versions in between stay/));
  await confirm.getByRole('button', { name: 'Restore version 1' }).click();
  await gone(confirm);
  await shown(
    page.getByText('Version 1 is restored as version 3'),
    dialog.getByRole('cell', { name: '3 current' }),
  );
  const { vault: entry } = await admin.client.ok('vault_fetch_one', { project_id: id, key: 'KEY' });
  expect(entry).toMatchObject({ value: 'old value', version: 3 });
});

test('a history of more than ten versions has pages, and shows each with its comment', async ({
  web,
  open,
}) => {
  const id = await web.project({ KEY: 'value 1' });
  const admin = await web.admin();
  for (let version = 2; version <= 12; version++)
    await admin.client.ok('vault_update', {
      project_id: id,
      key: 'KEY',
      value: `value ${version}`,
      comment: `comment ${version}`,
    });
  const page = await open(vault(id), { as: admin });
  await press(page, 'History of KEY');
  const dialog = page.getByRole('dialog', { name: 'History of KEY' });
  await shown(dialog.getByText('1–10 of 12 versions'));
  await press(page, 'Show version 12');
  await shown(dialog.getByText('value 12', { exact: true }), dialog.getByText('Comment: comment 12'));
  await dialog.getByRole('button', { name: 'Page 2' }).click();
  await shown(
    dialog.getByText('11–12 of 12 versions'),
    dialog.getByRole('button', { name: 'Show version 2' }),
  );
  await gone(dialog.getByText('value 12', { exact: true }));
  await press(page, 'Show version 2');
  await shown(dialog.getByText('value 2', { exact: true }), dialog.getByText('Comment: comment 2'));

  await press(page, 'Restore version 2');
  const confirm = page.getByRole('alertdialog');
  await confirm.getByRole('button', { name: 'Restore version 2' }).click();
  await shown(dialog.getByRole('cell', { name: '13 current' }), dialog.getByText('1–10 of 13 versions'));
});
