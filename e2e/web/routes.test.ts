import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import {
  expectNowhere,
  gone,
  openDialog,
  row,
  shown,
  watchAnswers,
  type Person,
  type Web,
} from './browser.ts';
import { HARM, routeTo, test } from './upstream.ts';
import { expectPlaceWellMade, expectWellMade, LOOK_AROUND } from './well-made.ts';

const CANARY = 'canary-violet-7141-anchor';

const press = async (within: Page | Locator, name: string | RegExp): Promise<void> =>
  await within.getByRole('button', { name, exact: true }).click();

/** A project whose entry TOKEN may be sent to the origin, with routes that do. */
async function furnished(
  web: Web,
  origin: string,
  ...routes: { id: string; more?: object }[]
): Promise<string> {
  const id = await web.project({ TOKEN: CANARY });
  const { client } = await web.admin();
  await client.ok('vault_allow_origins', { project_id: id, key: 'TOKEN', allowed_origins: [origin] });
  for (const route of routes) await client.ok('route_create', routeTo(origin, id, route.id, route.more));
  return id;
}

const ONE = { id: 'echo' };
const CHANGING = {
  id: 'charge',
  more: {
    method: 'POST',
    inputs: [
      { name: 'amount', in: 'body', type: 'integer', minimum: 1 },
      { name: 'currency', in: 'query', values: ['EUR', 'USD'], required: false },
    ],
  },
};

test('an AUTHOR sees what can be called and calls it, but sees no definition', async ({
  web,
  open,
  upstream,
}) => {
  const id = await furnished(web, upstream.url, ONE);
  const page = await open('/web/routes', { as: await web.person('AUTHOR', id) });
  const answers = watchAnswers(page, 'vault.TOKEN');
  await page.getByRole('link', { name: /^View Routes of/ }).click();
  await shown(row(page, 'echo').getByText(upstream.url));
  expect(await page.getByRole('button', { name: 'Delete echo' }).count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Create route' }).count()).toBe(0);
  await page.getByRole('link', { name: 'echo', exact: true }).click();
  await shown(page.getByRole('button', { name: 'Send GET' }));
  expect(await page.getByRole('navigation', { name: 'Parts of the route' }).count()).toBe(0);
  await press(page, 'Send GET');
  await shown(page.getByText('The outside API answered 201'));
  await expectNowhere(page, CANARY);
  await page.goto(`/web/routes/route?id=${id}&route=echo&tab=versions`);
  await shown(page.getByRole('button', { name: 'Send GET' }));
  await page.goto(`/web/routes/new?id=${id}`);
  await shown(page.getByRole('heading', { name: 'Not allowed' }));
  expect(await answers.paths()).toEqual([]);
});

test('a VIEWER sees nothing of routes, and who is no member neither', async ({ web, open, upstream }) => {
  const id = await furnished(web, upstream.url, ONE);
  const expectClosed = async (as: Person, title: string): Promise<void> => {
    const page = await open('/web/projects', { as });
    await shown(page.getByRole('heading', { name: 'Projects', level: 1 }));
    for (const path of [`project?id=${id}`, `route?id=${id}&route=echo`, `new?id=${id}`]) {
      await page.goto(`/web/routes/${path}`);
      await shown(page.getByRole('heading', { name: title, level: 1 }));
    }
  };
  const viewer = await web.person('VIEWER', id);
  await expectClosed(viewer, 'Not allowed');
  await expectClosed(await web.person('AUTHOR'), 'Not found');
  const page = await open('/web/routes', { as: viewer });
  await shown(page.getByRole('heading', { name: 'Not allowed' }));
  expect(await page.getByRole('link', { name: 'Routes' }).count()).toBe(0);
});

test('an entry shows its routes and origins; deleting it says which routes stop', async ({
  web,
  open,
  upstream,
}) => {
  const id = await furnished(web, upstream.url, ONE);
  const page = await open(`/web/vault?project_id=${id}`, { as: await web.admin() });
  await press(page, 'Routes of TOKEN');
  const dialog = openDialog(page);
  await shown(dialog.getByRole('link', { name: 'echo' }));
  const origins = dialog.getByLabel('Origins', { exact: true });
  expect(await origins.inputValue()).toBe(upstream.url);
  await origins.fill(`${upstream.url}\nhttps://evil.example/path`);
  await press(dialog, 'Save origins');
  await shown(dialog.getByText('“https://evil.example/path” must be a scheme, a host', { exact: false }));
  await dialog.getByRole('checkbox', { name: 'It may stand in the path of a URL' }).check();
  await shown(dialog.getByText('write the paths of URLs to their logs', { exact: false }));
  await origins.fill('');
  await press(dialog, 'Save origins');
  await shown(page.getByText('No route may send TOKEN anywhere'));
  await page.keyboard.press('Escape');
  await gone(openDialog(page));

  await press(page, 'Delete TOKEN');
  await shown(page.getByText('One route uses it, and will stop working:'));
  await shown(page.getByRole('alertdialog').getByText('echo', { exact: true }));
  await page.keyboard.press('Escape');
  await page.goto(`/web/routes/route?id=${id}&route=echo&tab=try`);
  await press(page, 'Send GET');
  await shown(page.getByText('Coffer refused the call: nothing was sent', { exact: false }));
  await shown(page.getByText('origin_not_allowed'));
});

test('Try it asks before a method that changes something, and tells fields and refusals apart', async ({
  web,
  open,
  upstream,
}) => {
  const id = await furnished(web, upstream.url, CHANGING);
  const page = await open(`/web/routes/route?id=${id}&route=charge&tab=try`, { as: await web.admin() });
  await press(page, 'Send POST');
  await shown(page.getByText('This field is required.'));
  await page.getByLabel('amount').fill('0');
  await page.getByLabel('currency').selectOption('USD');
  await press(page, 'Send POST');
  const before = upstream.requests.length;
  await shown(page.getByRole('alertdialog', { name: 'Send POST for real?' }));
  await press(page.getByRole('alertdialog'), 'Cancel');
  await gone(page.getByRole('alertdialog'));
  await press(page, 'Send POST');
  await press(page.getByRole('alertdialog'), 'Send POST');
  await shown(page.getByText('invalid_input'), page.getByText('This field must be at least 1.'));
  expect(upstream.requests.length).toBe(before);
  await page.getByLabel('amount').fill('7');
  await press(page, 'Send POST');
  await press(page.getByRole('alertdialog'), 'Send POST');
  await shown(page.getByText('The outside API answered 201'));
  expect(upstream.requests.length).toBe(before + 1);
});

test('a page that an outside API answers with is text, and runs nowhere', async ({ web, open, upstream }) => {
  const request = { origin: upstream.url, method: 'GET', path: '/page' };
  const id = await furnished(web, upstream.url, { id: 'page', more: { request } });
  const page = await open(`/web/routes/route?id=${id}&route=page&tab=try`, { as: await web.admin() });
  await press(page, 'Send GET');
  await shown(page.getByText('The outside API answered 200'));
  expect(await page.getByLabel('Body of the answer').innerText()).toBe(HARM);
  expect(await page.getByRole('heading', { name: 'Harm' }).count()).toBe(0);
  expect(await page.evaluate(() => 'harmed' in window)).toBe(false);
  expect(await page.evaluate(async () => (await caches.keys()).length)).toBe(0);
});

test('versions tell who saved what, what is different, and bring an old one back', async ({
  web,
  open,
  upstream,
}) => {
  const id = await furnished(web, upstream.url, ONE);
  const { client } = await web.admin();
  await client.ok('route_update', routeTo(upstream.url, id, 'echo', { description: 'second' }));
  const page = await open(`/web/routes/route?id=${id}&route=echo&tab=versions`, { as: await web.admin() });
  const { route } = await client.ok('route_fetch_one', { project_id: id, id: 'echo' });
  await shown(row(page, route.digest).getByText('current'));
  const difference = page.getByLabel('From version 1 to 2');
  await shown(difference.getByText('description', { exact: true }), difference.getByText('second'));
  await press(page, 'Restore version 1');
  await press(page.getByRole('alertdialog'), 'Restore version 1');
  await shown(page.getByText('Version 1 is restored as version 3'));
  const now = await client.ok('route_fetch_one', { project_id: id, id: 'echo' });
  expect(now.route).toMatchObject({ version: 3, definition: { description: '' } });
  await shown(page.getByLabel('From version 2 to 3'));
});

test('the calls made say who, what and how it ended', async ({ web, open, upstream }) => {
  const id = await furnished(web, upstream.url, ONE, CHANGING);
  const page = await open(`/web/routes/route?id=${id}&route=charge&tab=calls`, { as: await web.admin() });
  await shown(page.getByText('Nobody has called it yet'));
  await page.evaluate(async (path) => await fetch(path, { method: 'POST' }), `/x/${id}/charge`);
  await page.evaluate(async (path) => await fetch(path), `/x/${id}/echo`);
  await page.reload();
  await shown(row(page, 'refused').getByText('invalid_input'));
  await page.goto(`/web/routes/route?id=${id}&route=echo&tab=calls`);
  await shown(row(page, 'done').getByText('201'), row(page, 'done').getByText('1 secret removed'));
});

test('a route is deleted once its id is typed', async ({ web, open, upstream }) => {
  const id = await furnished(web, upstream.url, ONE, CHANGING);
  const page = await open(`/web/routes/project?id=${id}`, { as: await web.admin() });
  await press(page, 'Delete echo');
  await openDialog(page).getByLabel('Route id').fill('echo');
  await page.keyboard.press('Enter');
  await gone(row(page, 'echo'));
  await page.getByRole('link', { name: 'charge', exact: true }).click();
  await press(page, 'Delete route');
  await openDialog(page).getByLabel('Route id').fill('charge');
  await page.keyboard.press('Enter');
  await shown(page.getByText('This project has no routes yet'));
});

const LONG = {
  id: 'a'.repeat(50),
  more: {
    path: `/${'long/'.repeat(11)}end`,
    description: 'd'.repeat(500),
    access: 'public',
    confirm_public: true,
  },
};

test(
  'axe finds nothing, and nothing is wider than the page: lists, and a route',
  LOOK_AROUND,
  async ({ web, open, upstream }) => {
    const id = await furnished(web, upstream.url, CHANGING, LONG);
    const page = await open('/web/login', { as: await web.admin() });
    const ofProject = /^Shop/;
    for (const place of [
      { path: '/web/routes', title: 'Routes' },
      { path: `/web/routes/project?id=${id}`, title: ofProject, dialogs: [['Delete charge']] },
      { path: `/web/routes/project?id=${id}&filter=nothing`, title: ofProject },
      { path: `/web/routes/project?id=${await web.project()}`, title: ofProject },
      { path: `/web/routes/route?id=${id}&route=${LONG.id}`, title: LONG.id },
      { path: `/web/routes/route?id=${id}&route=charge&tab=versions`, title: 'charge' },
      { path: `/web/routes/route?id=${id}&route=charge&tab=calls`, title: 'charge' },
      { path: `/web/vault?project_id=${id}`, title: ofProject, dialogs: [['Routes of TOKEN']] },
    ])
      await expectPlaceWellMade(page, place);
  },
);

test(
  'axe finds nothing, and nothing is wider than the page: a call',
  LOOK_AROUND,
  async ({ web, open, upstream }) => {
    const id = await furnished(web, upstream.url, CHANGING);
    const page = await open('/web/login', { as: await web.admin() });
    await expectPlaceWellMade(page, {
      path: `/web/routes/route?id=${id}&route=charge&tab=try`,
      title: 'charge',
    });
    await page.getByLabel('amount').fill('1');
    await press(page, 'Send POST');
    await expectWellMade(page);
    await press(page.getByRole('alertdialog'), 'Send POST');
    await shown(page.getByText('The outside API answered 201'));
    await expectWellMade(page);
    await page.getByRole('link', { name: 'Calls made' }).click();
    await shown(row(page, 'done'));
    await expectWellMade(page);
  },
);

test(
  'axe finds nothing, and nothing is wider than the page: the editor',
  LOOK_AROUND,
  async ({ web, open, upstream }) => {
    const id = await furnished(web, upstream.url);
    // So high that the bar beneath covers nothing of what axe measures.
    const viewport = { width: 1280, height: 4000 };
    const page = await open(`/web/routes/new?id=${id}`, { as: await web.admin(), viewport });
    await press(page, 'Add header');
    await press(page, 'Add input');
    await page.getByText('Description and limits').click();
    await page.getByText('Rules for status').click();
    await page.getByRole('radio', { name: 'Public' }).check();
    await page.getByLabel('The request carries').selectOption('HMAC signature');
    await page.getByRole('combobox', { name: 'Value of header 1' }).fill('${{');
    await shown(page.getByRole('option', { name: /^vault.TOKEN/ }));
    await expectWellMade(page);
    await page.getByLabel('Sent method').selectOption('POST');
    await page.getByLabel('Body', { exact: true }).selectOption('JSON');
    await page.getByLabel('JSON', { exact: true }).fill('{"key": "${{');
    await shown(page.getByRole('option', { name: /^vault.TOKEN/ }));
    await expectWellMade(page);
    await press(page, 'Create route');
    await shown(page.getByText('have to be mended first', { exact: false }));
    await expectWellMade(page);
    await page.getByRole('link', { name: 'Projects' }).click();
    await shown(page.getByRole('alertdialog', { name: 'Leave without saving?' }));
    await expectWellMade(page);
  },
);
