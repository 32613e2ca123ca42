import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { expectNowhere, gone, openDialog, row, shown, watchAnswers } from './browser.ts';
import { focused, tabTo } from './focus.ts';
import { routeTo, test } from './upstream.ts';

const CANARY = 'canary-violet-7141-anchor';

const press = async (within: Page | Locator, name: string | RegExp): Promise<void> =>
  await within.getByRole('button', { name, exact: true }).click();

test('a newcomer makes an entry, allows an origin, makes a route, previews and tries it, and sees no value', async ({
  web,
  open,
  upstream,
}) => {
  const person = await web.person('ADMIN');
  const id = await web.project({}, person);
  const page = await open(`/web/vault?project_id=${id}`, { as: person });
  await press(page, 'Create the first entry');
  await openDialog(page).getByLabel('Key', { exact: true }).fill('TOKEN');
  await openDialog(page).getByLabel('Value', { exact: true }).fill(CANARY);
  await press(openDialog(page), 'Create');
  await gone(openDialog(page));
  const answers = watchAnswers(page, CANARY);

  await page.getByRole('link', { name: 'Routes', exact: true }).click();
  await page.getByRole('link', { name: /^View Routes of/ }).click();
  await shown(page.getByText('This project has no routes yet'));
  await page.getByRole('link', { name: 'Create route' }).first().click();
  await page.getByLabel('Route id').fill('echo');
  await page.getByLabel('Path', { exact: true }).fill('/echo/:name');
  await press(page, 'Declare :name of the path');
  await page.getByLabel('Origin', { exact: true }).fill(upstream.url);
  await page.getByLabel('Sent path').fill('/echo/${{ input.name }}');
  await page.getByLabel('The request carries').selectOption('Bearer token');
  await page.getByLabel('Token', { exact: true }).fill('${{ vault.TOKEN }}');
  await page.keyboard.press('Escape');
  await shown(page.getByText(`It does not allow ${upstream.url}.`));
  await press(page, 'Create route');
  await shown(page.getByRole('alert').getByText('does not allow routes to send it', { exact: false }));
  await press(page, `Allow TOKEN to go to ${upstream.url}…`);
  await shown(page.getByRole('alertdialog').getByText('will receive the value', { exact: false }));
  await press(page.getByRole('alertdialog'), 'Allow it');
  await shown(page.getByText(`allows ${upstream.url}`));

  await page.getByLabel('name', { exact: true }).fill('a b');
  await press(page, 'Show the request');
  const request = page.getByRole('region', { name: 'The request' });
  await shown(request.getByText(`GET ${upstream.url}/echo/a%20b`), request.getByText('It uses TOKEN.'));
  await shown(request.getByText('Bearer •••', { exact: false }));
  expect(upstream.requests.length).toBe(0);

  await press(page, 'Create route');
  await shown(page.getByRole('heading', { name: 'echo', level: 1 }));
  await page.getByRole('link', { name: 'Try it' }).click();
  await page.getByLabel('name', { exact: true }).fill('a b');
  await press(page, 'Send GET');
  await shown(page.getByText('The outside API answered 201'));
  const body = await page.getByLabel('Body of the answer').innerText();
  expect(JSON.parse(body)).toEqual({ method: 'GET', url: '/echo/a%20b', authorization: 'Bearer [redacted]' });
  expect(upstream.requests.at(-1)?.headers.authorization).toBe(`Bearer ${CANARY}`);
  await shown(page.getByText('content-type:'));
  expect(await page.getByText('x-hidden').count()).toBe(0);
  await expectNowhere(page, CANARY);

  await page.getByRole('link', { name: 'Calls made' }).click();
  await shown(row(page, 'done').getByText('201'), row(page, 'done').getByText('1 secret removed'));
  await page.getByRole('link', { name: 'Events' }).click();
  await shown(page.getByRole('cell', { name: 'Route called' }).first());
  await expectNowhere(page, CANARY);
  expect(await answers.paths()).toEqual([]);
});

test('keys, inputs and functions are completed by keyboard', async ({ web, open, upstream }) => {
  const id = await web.project({ STRIPE_KEY: 'canary-1', OTHER: 'canary-2' });
  const page = await open(`/web/routes/new?id=${id}`, { as: await web.admin() });
  await page.getByLabel('Path', { exact: true }).fill('/:user');
  await press(page, 'Declare :user of the path');
  await page.getByLabel('Origin', { exact: true }).fill(upstream.url);
  await press(page, 'Add header');
  const field = page.getByRole('combobox', { name: 'Value of header 1' });
  await field.pressSequentially('Bearer ${{');
  const list = page.getByRole('listbox', { name: 'What can stand here' });
  await shown(list);
  expect(await list.getByRole('option').allInnerTexts()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^vault.STRIPE_KEY/),
      expect.stringMatching(/^input.user/),
    ]),
  );
  expect(await field.getAttribute('aria-expanded')).toBe('true');
  await page.keyboard.type('base');
  await page.keyboard.press('Enter');
  expect(await field.inputValue()).toBe('Bearer ${{ base64() }}');
  await page.keyboard.type('strip');
  const marked = list.getByRole('option', { selected: true });
  expect(await marked.innerText()).toMatch(/^vault.STRIPE_KEY/);
  expect(await field.getAttribute('aria-activedescendant')).toBe(await marked.getAttribute('id'));
  await page.keyboard.press('Enter');
  expect(await field.inputValue()).toBe('Bearer ${{ base64(vault.STRIPE_KEY) }}');
  await page.keyboard.press('End');
  await page.keyboard.press('Control+Space');
  await shown(list);
  await page.keyboard.press('Escape');
  await gone(list.getByRole('option'));
  await page.keyboard.press('Control+Space');
  for (let steps = 0; steps < 2; steps++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(await field.inputValue()).toBe('Bearer ${{ base64(vault.STRIPE_KEY) }}${{ input.user }}');
  await page.getByLabel('Sent method').selectOption('POST');
  await page.getByLabel('Body', { exact: true }).selectOption('JSON');
  const json = page.getByLabel('JSON', { exact: true });
  await json.fill('{"who": "${{ inp');
  await json.pressSequentially('u');
  await page.keyboard.press('Enter');
  expect(await json.inputValue()).toBe('{"who": "${{ input.user }}');
});

test('what is wrong stands at its field: when it was left, and as the server names it', async ({
  web,
  open,
  upstream,
}) => {
  const id = await web.project({ TOKEN: CANARY });
  const { client } = await web.admin();
  const allowed = { project_id: id, key: 'TOKEN', allowed_origins: [upstream.url] };
  await client.ok('vault_allow_origins', allowed);
  await client.ok('route_create', routeTo(upstream.url, id, 'first', { path: '/same' }));
  const page = await open(`/web/routes/new?id=${id}`, { as: await web.admin() });
  const origin = page.getByLabel('Origin', { exact: true });
  expect(await origin.getAttribute('aria-invalid')).toBe(null);
  await press(page, 'Add header');
  await page.getByLabel('Header 1', { exact: true }).fill('Host');
  await page.getByRole('combobox', { name: 'Value of header 1' }).fill('${{ input.none }}');
  await page.keyboard.press('Tab');
  await shown(page.getByText('This field is not for a route to set.'));
  await shown(page.getByText('This field names input.none, which is not declared (at character 5).'));
  await press(page, 'Create route');
  await shown(
    page.getByText('have to be mended first', { exact: false }),
    page.getByText('must be a scheme, a host', { exact: false }),
  );
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true');
  await press(page, 'Remove header 1');
  await page.getByLabel('Route id').fill('First');
  await page.getByLabel('Path', { exact: true }).fill('/same');
  await origin.fill(upstream.url);
  await press(page, 'Create route');
  await shown(page.getByText('This field must contain only lower-case', { exact: false }));
  await page.getByLabel('Route id').fill('first');
  await press(page, 'Create route');
  await shown(page.getByText('The project has a route with this id.'));
  await page.getByLabel('Route id').fill('second');
  await press(page, 'Create route');
  await shown(page.getByText('Another route of the project is served at this method and path.'));
  await page.getByLabel('Path', { exact: true }).fill('/other');
  await press(page, 'Create route');
  await shown(page.getByRole('heading', { name: 'second', level: 1 }));
});

test('a public route is made only after a confirmation that says what it means', async ({
  web,
  open,
  upstream,
}) => {
  const id = await web.project();
  const page = await open(`/web/routes/new?id=${id}`, { as: await web.admin() });
  await page.getByLabel('Route id').fill('open');
  await page.getByLabel('Origin', { exact: true }).fill(upstream.url);
  await page.getByRole('radio', { name: 'Public' }).check();
  await shown(page.getByText('Anyone who reaches this server can call the route', { exact: false }));
  await press(page, 'Create route');
  await shown(page.getByText('must be ticked', { exact: false }));
  await page.getByRole('checkbox', { name: 'Yes, anyone may call it without signing in' }).check();
  await press(page, 'Create route');
  await shown(page.getByRole('heading', { name: 'open', level: 1 }));
  await page.goto(`/web/routes/project?id=${id}`);
  await shown(row(page, 'open').getByText('public', { exact: true }));
});

test('who is overtaken sees their version, and neither is lost', async ({ web, open, upstream }) => {
  const me = await web.person('ADMIN');
  const id = await web.project({ TOKEN: CANARY }, me);
  const other = await web.person('ADMIN', id);
  await me.client.ok('vault_allow_origins', {
    project_id: id,
    key: 'TOKEN',
    allowed_origins: [upstream.url],
  });
  const route = routeTo(upstream.url, id, 'both');
  await me.client.ok('route_create', route);
  const page = await open(`/web/routes/route?id=${id}&route=both`, { as: me });
  await page.getByLabel('Description', { exact: true }).fill('mine');
  await other.client.ok('route_update', { ...route, description: 'theirs' });
  await press(page, 'Save a new version');
  await shown(page.getByText('saved version 2 while you were editing', { exact: false }));
  await press(page, 'Look at theirs');
  const list = page.getByLabel('From theirs to mine');
  await shown(
    list.getByText('description', { exact: true }),
    list.getByText('theirs'),
    list.getByText('mine'),
  );
  expect(await page.getByLabel('Description', { exact: true }).inputValue()).toBe('mine');
  await press(page, 'Save mine as version 3');
  await shown(page.getByText('both is at version 3 now'));
  await gone(page.getByText('Not saved yet'));

  await page.getByLabel('Description', { exact: true }).fill('again');
  await other.client.ok('route_update', { ...route, description: 'theirs again' });
  await press(page, 'Save a new version');
  await press(page, 'Take theirs');
  expect(await page.getByLabel('Description', { exact: true }).inputValue()).toBe('theirs again');
  await shown(page.getByRole('button', { name: 'Save a new version' }));
});

test('what is not saved is not lost by a click elsewhere', async ({ web, open }) => {
  const id = await web.project();
  const page = await open(`/web/routes/new?id=${id}`, { as: await web.admin() });
  await page.getByLabel('Route id').fill('half');
  await page.getByRole('link', { name: 'Projects' }).click();
  await shown(page.getByRole('alertdialog', { name: 'Leave without saving?' }));
  await press(page.getByRole('alertdialog'), 'Cancel');
  await gone(page.getByRole('alertdialog'));
  expect(await page.getByLabel('Route id').inputValue()).toBe('half');
  await page.getByRole('link', { name: 'Projects' }).click();
  await press(page.getByRole('alertdialog'), 'Leave without saving');
  await shown(page.getByRole('heading', { name: 'Projects', level: 1 }));
});

test('a route is made and tried by keyboard alone, and the focus is never lost', async ({
  web,
  open,
  upstream,
}) => {
  const id = await web.project();
  const page = await open(`/web/routes/new?id=${id}`, { as: await web.admin() });
  await shown(page.getByRole('heading', { name: 'New route' }));
  await tabTo(page, 'Route id');
  await page.keyboard.type('keys');
  await tabTo(page, 'Origin');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(upstream.url);
  await tabTo(page, 'Add header');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await focused(page)).toBe('Header 1');
  await tabTo(page, 'Remove header 1');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await focused(page)).toBe('Add header');
  await tabTo(page, 'Create route');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await focused(page)).toBe('keys');
  await tabTo(page, 'Try it');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Send GET');
  await page.keyboard.press('Enter');
  await shown(page.getByText('The outside API answered 201'));
});

test('the bar with the button never covers what has the focus', async ({ web, open }) => {
  const page = await open(`/web/routes/new?id=${await web.project()}`, {
    as: await web.admin(),
    viewport: { width: 1280, height: 500 },
  });
  await press(page, 'Add header');
  await press(page, 'Add input');
  await page.getByLabel('Route id').focus();
  for (let steps = 0; steps < 20; steps++) {
    await page.keyboard.press('Tab');
    const { focusBottom, barTop } = await page.evaluate(() => ({
      focusBottom: document.activeElement?.getBoundingClientRect().bottom,
      barTop: document
        .querySelector('form button[type="submit"]')
        ?.closest('.sticky')
        ?.getBoundingClientRect().top,
    }));
    expect(focusBottom).toBeLessThanOrEqual(barTop ?? 0);
  }
});
