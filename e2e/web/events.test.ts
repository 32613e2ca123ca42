import { expect } from 'vitest';
import { expectAccessible, gone, openDialog, shown, test } from './browser.ts';

test('events are narrowed to a project and a person, found by their names, and the filters are cleared', async ({
  web,
  open,
}) => {
  const me = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, me);
  const page = await open('/web/events', { as: web.root });
  await page.getByLabel('Project').fill(id.replace('shop_', 'shop '));
  await shown(page.getByRole('option', { name: id }));
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('project_id') === id);
  expect(await page.getByLabel('Project').inputValue()).toBe(id.replace('shop_', 'Shop '));
  await page.getByLabel('Who').fill(me.client.username.slice(0, -1));
  await page.getByRole('option', { name: me.client.username }).first().click();
  await page.waitForURL((url) => url.searchParams.get('uid') === me.client.uid);
  const rows = page.getByRole('row').filter({ hasText: 'vault_create' });
  await shown(rows.getByText('Entry created', { exact: true }));
  await page.reload();
  await shown(rows.getByText('Entry created', { exact: true }));
  expect(await page.getByLabel('Who').inputValue()).toBe(me.client.username);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.waitForURL((url) => url.search === '');
  expect(await page.getByLabel('Who').inputValue()).toBe('');
});

test('a click on the person or the project of a row shows only theirs', async ({ web, open }) => {
  const me = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, me);
  const page = await open('/web/events', { as: me });
  await page
    .getByRole('button', { name: `Only events of ${id}` })
    .first()
    .click();
  await page.waitForURL((url) => url.searchParams.get('project_id') === id);
  await page
    .getByRole('button', { name: `Only events of ${me.client.username}` })
    .first()
    .click();
  await page.waitForURL((url) => url.searchParams.get('uid') === me.client.uid);
  expect(await page.getByLabel('Who').inputValue()).toBe(me.client.username);
  await gone(openDialog(page));
});

test('the whole row opens its record, which holds the whole of a long key', async ({ web, open }) => {
  const key = 'LONG_KEY_'.repeat(20);
  const me = await web.person('ADMIN');
  const id = await web.project({ [key]: 'k' }, me);
  const page = await open(`/web/events?project_id=${id}&type=vault_create`, { as: me });
  await page.getByRole('cell', { name: 'Entry created', exact: true }).click();
  const record = page.getByRole('dialog', { name: /^Record \d+: Entry created$/ });
  await shown(record.getByText(key, { exact: true }));
  await page.keyboard.press('Escape');
  await gone(record);
  await page.getByRole('button', { name: /^Open record/ }).focus();
  await page.keyboard.press('Enter');
  await shown(record);
});

test('a last day before the first one is refused beneath the field', async ({ web, open }) => {
  const page = await open('/web/events?from=2024-05-02&to=2024-05-01', { as: web.root });
  await shown(page.getByText('This day is before the first one: choose a later day.'));
  expect(await page.getByLabel('To', { exact: true }).getAttribute('aria-invalid')).toBe('true');
  expect(await page.getByRole('table').count()).toBe(0);
  await page.getByLabel('To', { exact: true }).fill('2024-05-03');
  await shown(page.getByText('No event matches'));
});

test('where there is little room, the filters are behind a button that says how many there are', async ({
  web,
  open,
}) => {
  const page = await open('/web/events?type=user_login', {
    as: web.root,
    viewport: { width: 360, height: 640 },
  });
  const what = page.getByLabel('What');
  await page.getByRole('button', { name: 'Filters (1)' }).waitFor();
  expect(await what.isVisible()).toBe(false);
  await page.getByRole('button', { name: 'Filters (1)' }).click();
  expect(await what.inputValue()).toBe('user_login');
});
