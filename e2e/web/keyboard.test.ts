import { expect } from 'vitest';
import { gone, openDialog, row, shown, test } from './browser.ts';
import { focused, isFocusVisible, tabTo } from './focus.ts';

test('an entry is created, shown, edited and deleted by the keyboard alone', async ({ web, open }) => {
  const id = await web.project({ OTHER: 'o' });
  const page = await open(`/web/vault?project_id=${id}`, { as: await web.admin() });
  await shown(row(page, 'OTHER'));
  await page.keyboard.press('n');
  await shown(page.getByRole('dialog', { name: 'New entry' }));
  await expect.poll(async () => await focused(page)).toBe('Key');
  await page.keyboard.type('KEY');
  await tabTo(page, 'Value');
  await page.keyboard.type('line one\nline two');
  await tabTo(page, 'Create');
  await page.keyboard.press('Enter');
  await shown(row(page, 'KEY'));
  await gone(openDialog(page));

  await tabTo(page, 'Show KEY');
  await page.keyboard.press('Enter');
  await shown(page.getByText('line one'));
  await expect.poll(async () => await focused(page)).toBe('Hide KEY');
  await page.keyboard.press('Enter');
  await gone(page.getByText('line one'));

  await tabTo(page, 'Edit KEY');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await focused(page)).toBe('Value');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('changed');
  await tabTo(page, 'Update');
  await page.keyboard.press('Space');
  await gone(openDialog(page));
  await shown(row(page, 'KEY').getByRole('cell', { name: '2', exact: true }));
  await expect.poll(async () => await focused(page)).toBe('Edit KEY');

  await tabTo(page, 'Delete KEY');
  await page.keyboard.press('Enter');
  await shown(page.getByRole('alertdialog'));
  await tabTo(page, 'Key');
  await page.keyboard.type('KEY');
  await page.keyboard.press('Enter');
  await gone(row(page, 'KEY'));
});

test('/ goes to the filter, ? lists the shortcuts, and neither does so where one types', async ({
  web,
  open,
}) => {
  const page = await open(`/web/vault?project_id=${await web.project({ KEY: 'k' })}`, {
    as: await web.admin(),
  });
  await shown(row(page, 'KEY'));
  await page.keyboard.press('/');
  expect(await focused(page)).toBe('Filter vaults…');
  expect(await isFocusVisible(page)).toBe(true);
  await page.keyboard.type('n?/');
  expect(await page.getByRole('searchbox').inputValue()).toBe('n?/');
  expect(await openDialog(page).count()).toBe(0);
  await page.getByRole('searchbox').blur();
  await page.keyboard.press('?');
  await shown(page.getByRole('dialog', { name: 'Keyboard shortcuts' }));
  await page.keyboard.press('n');
  expect(await page.getByRole('dialog', { name: 'New entry' }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
});

test('Ctrl K finds a project and a page by arrows and Enter', async ({ web, open }) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, person);
  const page = await open('/web/account', { as: person });
  await shown(page.getByRole('heading', { name: 'My account' }));
  await page.keyboard.press('Control+k');
  await page.keyboard.type(id);
  await shown(page.getByRole('option', { name: `Vault of ${id}` }));
  await page.keyboard.press('ArrowDown');
  expect(await page.getByRole('option', { selected: true }).innerText()).toContain(`Project ${id}`);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await shown(row(page, 'KEY'));
  await page.keyboard.press('Control+k');
  await page.keyboard.type('event');
  await expect.poll(async () => await page.getByRole('option').count()).toBe(1);
  await page.keyboard.press('Enter');
  await shown(page.getByRole('heading', { name: 'Events', level: 1 }));
});

test('a dialog holds the focus, shows where it is, and gives it back on Escape', async ({ web, open }) => {
  const page = await open(`/web/vault?project_id=${await web.project({ KEY: 'k' })}`, {
    as: await web.admin(),
  });
  await page.getByRole('button', { name: 'Edit KEY' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(async () => await focused(page)).toBe('Value');
  for (const name of ['Value', 'Comment', 'Cancel', 'Update', 'Close', 'Value']) {
    await expect.poll(async () => await focused(page)).toBe(name); // at the end it goes over a guard to the beginning
    expect(await isFocusVisible(page), name).toBe(true);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
  await expect.poll(async () => await focused(page)).toBe('Edit KEY');
});

test('a question over a dialog takes the focus, and gives it back to the dialog beneath', async ({
  web,
  open,
}) => {
  const id = await web.project({ KEY: 'one' });
  const { client } = await web.admin();
  await client.ok('vault_update', { project_id: id, key: 'KEY', value: 'two' });
  const page = await open(`/web/vault?project_id=${id}`, { as: await web.admin() });
  await tabTo(page, 'History of KEY');
  await page.keyboard.press('Enter');
  await shown(page.getByRole('button', { name: 'Restore version 1' }));
  await tabTo(page, 'Restore version 1');
  await page.keyboard.press('Enter');
  await shown(page.getByRole('alertdialog', { name: 'Restore version 1?' }));
  await expect.poll(async () => await focused(page)).toBe('Cancel');
  await page.keyboard.press('Escape');
  await gone(page.getByRole('alertdialog'));
  await expect.poll(async () => await focused(page)).toBe('Restore version 1');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await focused(page)).toBe('Cancel'); // the button beneath has the same name
  await tabTo(page, 'Restore version 1');
  await page.keyboard.press('Enter');
  await shown(page.getByText('Version 1 is restored as version 3'));
  await gone(page.getByRole('alertdialog'));
  await shown(page.getByRole('dialog', { name: 'History of KEY' }));
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
  await expect.poll(async () => await focused(page)).toBe('History of KEY');
});

test('the first Tab leads to a link past the menu', async ({ web, open }) => {
  const page = await open('/web/projects', { as: await web.admin() });
  await shown(page.getByRole('heading', { name: 'Projects', level: 1 }));
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to the content');
  expect(await isFocusVisible(page)).toBe(true);
});
