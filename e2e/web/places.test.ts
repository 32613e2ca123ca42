import { expect } from 'vitest';
import { openDialog, shown, test } from './browser.ts';

const place = (project_id: string, environment?: string): string =>
  `/web/vault?project_id=${project_id}${environment === undefined ? '' : `&environment=${environment}`}`;

test('an open dialog closes when Back leads to another vault: it cannot change an entry there', async ({
  web,
  open,
}) => {
  const admin = await web.admin();
  const project_id = await web.project({ KEY: 'of default' });
  await admin.client.ok('environment_create', { project_id, id: 'prod', name: 'Prod' });
  await admin.client.ok('vault_create', { project_id, environment: 'prod', key: 'KEY', value: 'of prod' });
  const page = await open(place(project_id), { as: admin });
  await page.getByLabel('Environment').selectOption('prod');
  await page.getByRole('button', { name: 'Edit KEY' }).click();
  await page.getByRole('textbox', { name: 'Value' }).fill('meant for prod');
  await page.goBack();
  await expect.poll(async () => await openDialog(page).count()).toBe(0);
  await shown(page.getByRole('rowheader', { name: 'KEY', exact: true }));
  const { vault } = await admin.client.ok('vault_fetch_one', { project_id, key: 'KEY' });
  expect(vault.value).toBe('of default');
});

test('a shown value does not come along to the same key of another project', async ({ web, open }) => {
  const admin = await web.admin();
  const first = await web.project({ SHARED: 'value of the first' });
  const second = await web.project({ SHARED: 'value of the second' });
  const page = await open(place(second), { as: admin });
  await shown(page.getByRole('rowheader', { name: 'SHARED', exact: true }));
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(first);
  await page.getByRole('option', { name: `Vault of ${first}` }).click();
  await page.waitForURL(`**${place(first)}`);
  await page.getByRole('button', { name: 'Show SHARED' }).click();
  await shown(page.getByText('value of the first'));
  await page.goBack();
  await page.waitForURL(`**${place(second)}`);
  await shown(page.getByRole('button', { name: 'Show SHARED' }));
  expect(await page.getByText('value of the first').count()).toBe(0);
});
