import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Client } from '../../packages/server/src/testing/client.ts';
import { expectNowhere, gone, openDialog, row, shown, test, watchAnswers, type Web } from './browser.ts';
import { focused, tabTo } from './focus.ts';
import { expectPlaceWellMade, expectWellMade, LOOK_AROUND } from './well-made.ts';

const press = async (within: Page | Locator, name: string): Promise<void> =>
  await within.getByRole('button', { name, exact: true }).click();

/** A client that sends the token. */
function withToken(web: Web, token: string): Client {
  const client = web.server.client();
  client.token = token;
  return client;
}

/** Once it is shown. */
async function secretOf(page: Page): Promise<string> {
  const secret = await page.getByLabel('The token', { exact: true }).innerText();
  expect(secret).toMatch(/^cof[ps]_\w{49}$/);
  return secret;
}

async function closeWithoutCopy(page: Page): Promise<void> {
  await press(openDialog(page), 'Done');
  await press(page.getByRole('alertdialog'), 'Close without a copy');
  await gone(openDialog(page));
}

const SERVICE = { kind: 'service', permissions: ['vault.list', 'vault.view'] } as const;

test('a personal token is made, works, is narrowed by an edit, and is refused once it is revoked', async ({
  web,
  open,
}) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ STRIPE_KEY: 's', OTHER: 'o' }, person);
  const page = await open('/web/tokens', { as: person });
  await shown(page.getByText('You have no tokens yet'));
  await press(page, 'Create token');
  const dialog = openDialog(page);
  await dialog.getByLabel('Name').fill('Laptop');
  await dialog.getByLabel('Project', { exact: true }).fill(id);
  await page.getByRole('option', { name: id }).click();
  await press(dialog, 'Read and write');
  expect(await dialog.getByLabel('Delete entries').isChecked()).toBe(true);
  await press(dialog, 'Create token');
  const client = withToken(web, await secretOf(page));
  const key = { project_id: id, key: 'OTHER' };
  expect((await client.ok('vault_fetch_one', key)).vault.value).toBe('o');
  await client.ok('vault_update', { ...key, value: 'o2' });
  expect((await client.ok('token_me')).access_token).toMatchObject({ kind: 'personal', project_id: id });
  await closeWithoutCopy(page);
  await shown(row(page, 'Laptop').getByText('Read and write'), row(page, 'Laptop').getByText('in 3 months'));

  await press(page, 'Edit Laptop');
  await shown(openDialog(page).getByText('Its secret stays the same', { exact: false }));
  await press(openDialog(page), 'Read values');
  await openDialog(page).getByText('Limits').click();
  await openDialog(page).getByRole('textbox', { name: 'Keys' }).fill('STRIPE_*\nlower');
  await press(openDialog(page), 'Save token');
  await shown(openDialog(page).getByText('“lower” must be a key', { exact: false }));
  await expect.poll(async () => await focused(page)).toBe('Keys');
  await openDialog(page).getByRole('textbox', { name: 'Keys' }).fill('STRIPE_*');
  await press(openDialog(page), 'Save token');
  await shown(page.getByText('Laptop is changed'), row(page, 'Laptop').getByText('STRIPE_*'));
  expect(await client.refused('vault_fetch_one', key)).toBe('token_not_permitted');
  expect(await client.refused('vault_update', { ...key, key: 'STRIPE_KEY', value: 'x' })).toBe(
    'token_not_permitted',
  );
  await client.ok('vault_fetch_one', { ...key, key: 'STRIPE_KEY' });

  await press(page, 'Revoke Laptop');
  await shown(page.getByRole('alertdialog').getByText('Every program that uses it', { exact: false }));
  await press(page.getByRole('alertdialog'), 'Revoke token');
  await shown(page.getByText('Laptop is revoked'), page.getByText('You have no tokens yet'));
  expect(await client.refused('vault_fetch_one', key)).toBe('token_invalid');
});

test('the secret of a token stays nowhere once its dialog is closed; without a copy that is asked first', async ({
  web,
  open,
}) => {
  const page = await open('/web/tokens', { as: await web.person('ADMIN') });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await press(page, 'Create token');
  await openDialog(page).getByLabel('Name').fill('Once');
  await press(openDialog(page), 'Create token');
  const secret = await secretOf(page);
  const answers = watchAnswers(page, secret);
  const attributes = await page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .flatMap((element) => [...element.attributes].map(({ value }) => value))
      .join('\n'),
  );
  expect(attributes).not.toContain(secret);
  expect(await page.title()).not.toContain(secret);
  expect(page.url()).not.toContain(secret);

  await page.keyboard.press('Escape');
  await shown(page.getByRole('alertdialog', { name: 'Close without a copy of the token?' }));
  await press(page.getByRole('alertdialog'), 'Cancel');
  await gone(page.getByRole('alertdialog'));
  await press(openDialog(page), 'Copy token');
  await shown(page.getByText('Copied the token'));
  expect(await page.evaluate(async () => await navigator.clipboard.readText())).toBe(secret);
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
  await shown(row(page, 'Once'));
  await expectNowhere(page, secret);
  await page.getByRole('link', { name: 'Projects' }).click();
  await shown(page.getByRole('heading', { name: 'Projects', level: 1 }));
  await page.goBack();
  await shown(row(page, 'Once'));
  await expectNowhere(page, secret);
  expect(await answers.paths()).toEqual([]);
});

test('a dialog that is closed while its token is made does not show the secret the next time', async ({
  web,
  open,
}) => {
  const page = await open('/web/tokens', { as: await web.person('ADMIN') });
  let answer = (): void => undefined;
  const closed = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/token/create', async (route) => {
    const response = await route.fetch();
    await closed;
    await route.fulfill({ response });
  });
  await press(page, 'Create token');
  await openDialog(page).getByLabel('Name').fill('Given up');
  await press(openDialog(page), 'Create token');
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
  answer();
  await shown(row(page, 'Given up'));
  await press(page, 'Create token');
  await shown(page.getByRole('dialog', { name: 'New token' }));
  expect(await page.getByText('cofp_', { exact: false }).count()).toBe(0);
});

test('a token says when it is valid: not yet, no longer, for ever', async ({ web, open }) => {
  const person = await web.person('ADMIN');
  const page = await open('/web/tokens', { as: person });
  await press(page, 'Create token');
  await openDialog(page).getByLabel('Name').fill('Forever');
  await openDialog(page).getByLabel('Valid for').selectOption('Never expires');
  await shown(openDialog(page).getByText('Whoever finds it can use it for ever', { exact: false }));
  await openDialog(page).getByLabel('First day').fill('2099-01-01');
  await openDialog(page).getByLabel('Valid for').selectOption('Until a day…');
  await press(openDialog(page), 'Create token');
  await shown(openDialog(page).getByText('Choose a day.'));
  await openDialog(page).getByLabel('Last day').fill('2098-01-01');
  await press(openDialog(page), 'Create token');
  await shown(openDialog(page).getByText('must be in the future', { exact: false }));
  expect(await openDialog(page).getByLabel('Name').inputValue()).toBe('Forever');
  await openDialog(page).getByLabel('Valid for').selectOption('Never expires');
  await press(openDialog(page), 'Create token');
  await secretOf(page);
  await closeWithoutCopy(page);
  await shown(row(page, 'Forever').getByText('not yet valid'));

  const { client } = person;
  const valid = { kind: 'personal', permissions: ['project.list'], valid_to: null };
  await client.ok('token_create', { ...valid, name: 'Endless' });
  const inAnHour = new Date(Date.now() + 60 * 60_000).toISOString();
  await client.ok('token_create', { ...valid, name: 'Brief', valid_to: inAnHour });
  await page.clock.setFixedTime(Date.now() + 2 * 60 * 60_000);
  await page.reload();
  await shown(row(page, 'Endless').getByText('never expires'), row(page, 'Brief').getByText('expired'));
});

test('only what the person may do is offered, and what cannot be limited is greyed out', async ({
  web,
  open,
}) => {
  const id = await web.project();
  const viewer = await open('/web/tokens', { as: await web.person('VIEWER', id) });
  await press(viewer, 'Create token');
  const theirs = openDialog(viewer);
  await shown(theirs.getByLabel('List projects'));
  expect(await theirs.getByLabel('Read values').count()).toBe(0);
  expect(await theirs.getByLabel('Delete the project').count()).toBe(0);
  await theirs.getByLabel('Name').fill('Mine');
  expect(await theirs.getByRole('checkbox', { checked: true }).count()).toBe(0);
  await press(theirs, 'Create token');
  await shown(theirs.getByText('Choose at least one permission.'));
  await theirs.getByLabel('List projects').check();
  await press(theirs, 'Create token');
  await withToken(web, await secretOf(viewer)).ok('project_fetch');

  const admin = await open(`/web/project/tokens?id=${id}`, { as: await web.admin() });
  await press(admin, 'Create service token');
  const dialog = openDialog(admin);
  // Only personal tokens can have it.
  expect(await dialog.getByLabel('Delete the project').count()).toBe(0);
  await press(dialog, 'Everything');
  expect(await dialog.getByLabel('List members').isChecked()).toBe(true);
  await dialog.getByText('Limits').click();
  await dialog.getByLabel('default', { exact: true }).check();
  expect(await dialog.getByLabel('List members').isDisabled()).toBe(true);
  expect(await dialog.getByLabel('List members').isChecked()).toBe(false);
  await dialog.getByLabel('Name').fill('Limited');
  await press(dialog, 'Create token');
  const { access_token: token } = await withToken(web, await secretOf(admin)).ok('token_me');
  expect(token).toMatchObject({ kind: 'service', environments: ['default'] });
  expect(token.permissions).toContain('vault.delete');
  expect(token.permissions).not.toContain('member.list');
});

test('a VIEWER has a page of their own tokens, but sees none of a project', async ({ web, open }) => {
  const id = await web.project();
  const admin = await web.admin();
  await admin.client.ok('token_create', { ...SERVICE, project_id: id, name: 'Deploy of the shop' });
  const page = await open(`/web/project?id=${id}`, { as: await web.person('VIEWER', id) });
  await shown(page.getByRole('heading', { name: 'Members' }));
  expect(await page.getByRole('link', { name: 'Manage access tokens' }).count()).toBe(0);
  await page.goto(`/web/project/tokens?id=${id}`);
  await shown(page.getByRole('heading', { name: 'Not allowed' }));
  expect(await page.getByText('Deploy of the shop').count()).toBe(0);
  await page.getByRole('link', { name: 'Tokens', exact: true }).click();
  await shown(page.getByText('You have no tokens yet'));
  const stranger = await open(`/web/project/tokens?id=${id}`, { as: await web.person('ADMIN') });
  await shown(stranger.getByRole('heading', { name: 'Not found' }));
});

test('the page of tokens is found by Ctrl K, and from a vault that is empty', async ({ web, open }) => {
  const page = await open(`/web/vault?project_id=${await web.project()}`, { as: await web.admin() });
  await page.getByRole('link', { name: 'an access token' }).click();
  await shown(page.getByRole('heading', { name: 'Tokens', level: 1 }));
  await page.goto('/web/account');
  await shown(page.getByRole('heading', { name: 'My account' }));
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('token');
  await shown(page.getByRole('option', { name: 'Tokens', selected: true }));
  await page.keyboard.press('Enter');
  await shown(page.getByRole('heading', { name: 'Tokens', level: 1 }));
});

test('a manager makes a service token of the project, finds it, and revokes it', async ({ web, open }) => {
  const id = await web.project({ KEY: 'k' });
  const page = await open(`/web/project?id=${id}`, { as: await web.admin() });
  await page.getByRole('link', { name: 'Manage access tokens' }).click();
  await shown(page.getByText('This project has no service tokens yet'));
  for (const name of ['Deploy', 'Backup']) {
    await press(page, 'Create service token');
    await openDialog(page).getByLabel('Name').fill(name);
    await press(openDialog(page), 'Create token');
    const { access_token: token } = await withToken(web, await secretOf(page)).ok('token_me');
    expect(token).toMatchObject({ kind: 'service', project_id: id, name });
    await closeWithoutCopy(page);
    await shown(row(page, name));
  }
  await page.getByLabel('Filter tokens…').fill('back');
  await gone(row(page, 'Deploy'));
  await press(page, 'Revoke Backup');
  await press(page.getByRole('alertdialog'), 'Revoke token');
  await shown(page.getByText('No token matches the filter'));
  await expect.poll(async () => await page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
});

test('a workload is trusted with the claims of its platform, shows how it gets its token, and is deleted', async ({
  web,
  open,
}) => {
  const id = await web.project({ KEY: 'k' });
  const { client } = await web.admin();
  const page = await open(`/web/project/tokens?id=${id}`, { as: await web.admin() });
  await press(page, 'Trust a workload');
  const dialog = openDialog(page);
  await dialog.getByLabel('Name').fill('CI');
  await dialog.getByLabel('Platform').selectOption('Kubernetes');
  expect(await dialog.getByLabel('Each identity token').isChecked()).toBe(false);
  await dialog.getByLabel('Platform').selectOption('GitHub Actions');
  expect(await dialog.getByLabel('Each identity token').isChecked()).toBe(true);
  await dialog.getByLabel('Minutes').fill('90');
  await press(dialog, 'Trust workload');
  await expect.poll(async () => await focused(page)).toBe('Subject');
  await shown(dialog.getByText('Choose 1 to 60 minutes.'));
  await dialog.getByLabel('Minutes').fill('10');
  await dialog.getByLabel('Subject').fill('repo:acme/shop:ref:refs/heads/main');
  for (const number of [1, 2]) {
    await press(dialog, 'Add a claim');
    await dialog.getByLabel(`Claim ${number}`, { exact: true }).fill('repository_id');
    await dialog.getByLabel(`Text of claim ${number}`).fill(`7${number}`);
  }
  await press(dialog, 'Trust workload');
  await shown(dialog.getByText('A claim stands twice', { exact: false }));
  await press(dialog, 'Remove claim 2');
  await press(dialog, 'Trust workload');
  await shown(page.getByRole('dialog', { name: 'How CI gets its token' }));
  const { trusts } = await client.ok('token_trust_fetch', { project_id: id });
  expect(trusts).toMatchObject([
    {
      issuer: 'https://token.actions.githubusercontent.com',
      audience: web.server.url,
      subject: 'repo:acme/shop:ref:refs/heads/main',
      claims: { repository_id: '71' },
      single_use: true,
      ttl_seconds: 600,
      permissions: expect.arrayContaining(['vault.view']),
    },
  ]);
  const commands = await page.getByLabel('The commands').innerText();
  expect(commands).toContain(`${web.server.url}/token/exchange`);
  expect(commands).toContain(trusts[0].id);
  await press(openDialog(page), 'Done');
  await press(page, 'Delete CI');
  await shown(page.getByRole('alertdialog').getByText('Its jobs fail', { exact: false }));
  await press(page.getByRole('alertdialog'), 'Delete trust');
  await shown(page.getByText('This project trusts no workload yet'));
  expect((await client.ok('token_trust_fetch', { project_id: id })).trusts).toEqual([]);
});

test('a token is made by the keyboard alone', async ({ web, open }) => {
  const page = await open('/web/tokens', { as: await web.person('ADMIN') });
  await shown(page.getByText('You have no tokens yet'));
  await page.keyboard.press('n');
  await expect.poll(async () => await focused(page)).toBe('Name');
  await page.keyboard.type('By hand');
  await tabTo(page, 'Read and write');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Delete entries');
  await page.keyboard.press('Space');
  await tabTo(page, 'Valid for');
  await page.keyboard.press('7');
  await tabTo(page, 'Create token');
  await page.keyboard.press('Enter');
  const client = withToken(web, await secretOf(page));
  const { access_token: token } = await client.ok('token_me');
  expect(token.name).toBe('By hand');
  expect(token.permissions).toContain('vault.update');
  expect(token.permissions).not.toContain('vault.delete');
  await expect.poll(async () => await focused(page)).toBe('Copy token');
  await tabTo(page, 'Done');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Close without a copy');
  await page.keyboard.press('Enter');
  await gone(openDialog(page));
  await expect.poll(async () => await focused(page)).toBe('Create token');
});

/** A project with a token and a trust whose texts are as long as they may be, and one's own tokens. */
async function furnish(web: Web): Promise<string> {
  const { client } = web.root;
  const id = await web.project({ KEY: 'k' }, web.root);
  const limits = { keys: ['STRIPE_*', `${'K'.repeat(200)}*`], addresses: ['10.1.0.0/16', '::1'] };
  const grant = { permissions: ['vault.list', 'vault.view'], environments: ['default'], ...limits };
  await client.ok('token_create', { ...grant, kind: 'service', project_id: id, name: 'w'.repeat(100) });
  await client.ok('token_create', { ...grant, kind: 'service', project_id: id, name: 'Deploy' });
  await client.ok('token_create', { ...grant, kind: 'personal', project_id: id, name: `Laptop ${id}` });
  await client.ok('token_create', {
    kind: 'personal',
    name: 'v'.repeat(100),
    permissions: ['project.list', 'project.view', 'member.list'],
    valid_to: null,
  });
  await client.ok('token_trust_create', {
    ...grant,
    project_id: id,
    name: 'CI',
    issuer: 'https://token.actions.githubusercontent.com',
    audience: 'https://coffer.example.org',
    subject: `repo:acme/${'s'.repeat(200)}`,
    claims: { repository_id: '74' },
  });
  return id;
}

/** Makes a token and stops where its secret is shown. */
async function showSecret(page: Page): Promise<void> {
  await page.goto('/web/tokens');
  await press(page, 'Create token');
  await openDialog(page).getByLabel('Name').fill('Shown');
  await press(openDialog(page), 'Create token');
  await secretOf(page);
}

test('without a clipboard the page says how else to copy a command', async ({ web, open }) => {
  const page = await open('/web/account', { as: await web.admin() });
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'clipboard'));
  await showSecret(page);
  await press(openDialog(page), 'Copy the command');
  await shown(page.getByText('Select the command and copy it yourself.', { exact: false }));
});

test(
  "axe finds nothing, and nothing is wider than the page: one's own tokens",
  LOOK_AROUND,
  async ({ web, open }) => {
    const id = await furnish(web);
    const page = await open('/web/login', { as: web.root });
    await expectPlaceWellMade(page, {
      path: '/web/tokens',
      title: 'Tokens',
      dialogs: [['Create token'], [`Edit Laptop ${id}`], [`Revoke Laptop ${id}`]],
    });
    await showSecret(page);
    await expectWellMade(page);
    await page.keyboard.press('Escape');
    await shown(page.getByRole('alertdialog', { name: 'Close without a copy of the token?' }));
    await expectWellMade(page);
    await expectPlaceWellMade(page, { path: '/web/tokens?filter=nothing-has-this', title: 'Tokens' });
    const newcomer = await open('/web/tokens', { as: await web.person('VIEWER') });
    await shown(newcomer.getByText('You have no tokens yet'));
    await expectWellMade(newcomer);
  },
);

test(
  'axe finds nothing, and nothing is wider than the page: the tokens of a project',
  LOOK_AROUND,
  async ({ web, open }) => {
    const page = await open('/web/login', { as: web.root });
    await expectPlaceWellMade(page, {
      path: `/web/project/tokens?id=${await furnish(web)}`,
      title: 'Access tokens',
      dialogs: [
        ['Create service token'],
        ['Edit Deploy'],
        ['Trust a workload'],
        ['Trust a workload', 'Add a claim', 'Trust workload'],
        ['How CI gets its token'],
        ['Delete CI'],
      ],
    });
  },
);
