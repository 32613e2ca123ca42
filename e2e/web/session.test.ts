import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import {
  everythingOf,
  expectAccessible,
  expectNowhere,
  gone,
  openDialog,
  PASSWORD,
  row,
  shown,
  test,
} from './browser.ts';

const press = async (page: Page, name: string): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).click();

const signIn = async (page: Page, name: string): Promise<void> => {
  await page.getByLabel('User name or e-mail address').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await press(page, 'Sign in');
};

const vault = (id: string): string => `/web/vault?project_id=${id}`;
const valueField = (page: Page) => page.getByRole('textbox', { name: 'Value' });

/** As the browser says it when another tab is looked at, and when one comes back. */
async function setVisibility(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}

test('who signs in as someone else in another tab finds nothing of the first in theirs', async ({
  web,
  open,
}) => {
  const one = await web.person('ADMIN');
  const two = await web.person('VIEWER');
  const id = await web.project({ KEY: 'canary-two-tabs' }, one);
  const page = await open(vault(id), { as: one });
  await press(page, 'Edit KEY');
  await valueField(page).fill('canary-two-tabs, typed');
  const other = await page.context().newPage();
  await other.goto('/web/login');
  await signIn(other, two.client.username);
  await shown(other.getByRole('button', { name: 'Sign out', exact: true }));
  await shown(page.getByRole('link', { name: two.client.username }));
  await expectNowhere(page, 'canary-two-tabs');
  await gone(row(page, 'KEY'), openDialog(page));
});

test('signing out in one tab leads all of them to the sign-in, and nothing stays', async ({ web, open }) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ KEY: 'canary-sign-out' }, person);
  const page = await open(vault(id), { as: person });
  await press(page, 'Edit KEY');
  await valueField(page).fill('canary-sign-out, typed');
  const other = await page.context().newPage();
  await other.goto('/web/account');
  await press(other, 'Sign out');
  await shown(other.getByRole('heading', { name: 'Sign in to Coffer' }));
  await shown(page.getByText('Your session has ended. Sign in to go back to where you were.'));
  await expectNowhere(page, 'canary-sign-out');
  await signIn(page, person.client.username);
  await shown(row(page, 'KEY'));
});

test('a tab that comes back drops everything when the session is of someone else by then', async ({
  web,
  open,
}) => {
  const one = await web.person('ADMIN');
  const two = await web.person('VIEWER');
  const page = await open(vault(await web.project({ KEY: 'k' }, one)), { as: one });
  await shown(row(page, 'KEY'));
  await setVisibility(page, 'hidden');
  const [name = '', value = ''] = two.cookie.split('=');
  await page.context().addCookies([{ name, value, url: web.server.url, httpOnly: true, sameSite: 'Strict' }]);
  await setVisibility(page, 'visible');
  await shown(page.getByRole('link', { name: two.client.username }));
  await gone(row(page, 'KEY'));
});

test('an edit that nobody goes on with drops its value, and masks what was typed', async ({ web, open }) => {
  const page = await open('/web/account', { as: await web.admin() });
  await page.clock.install();
  await page.goto(vault(await web.project({ KEY: 'canary-idle' })));
  await press(page, 'Edit KEY');
  await expect.poll(async () => await valueField(page).inputValue()).toBe('canary-idle');
  await page.clock.runFor(31_000);
  await shown(openDialog(page).getByText('The value was hidden', { exact: false }));
  await expectNowhere(page, 'canary-idle');
  await press(page, 'Show the value');
  await expect.poll(async () => await valueField(page).inputValue()).toBe('canary-idle');
  await setVisibility(page, 'hidden');
  await shown(openDialog(page).getByText('The value was hidden', { exact: false }));
  await expectNowhere(page, 'canary-idle');
  await setVisibility(page, 'visible');

  await press(page, 'Show the value');
  await valueField(page).fill('typed');
  await page.clock.runFor(20_000);
  await valueField(page).press('End');
  await page.clock.runFor(20_000);
  expect(await valueField(page).isVisible()).toBe(true);
  await page.clock.runFor(11_000);
  await shown(page.getByText('Hidden. What you typed is kept.'));
  expect(await valueField(page).count()).toBe(0);
  await page.keyboard.press('Enter');
  expect(await valueField(page).inputValue()).toBe('typed');
  await press(page, 'Update');
  await shown(page.getByText('KEY is at version 2 now'));
});

test('a session that ends during an edit: who signs in again goes on with what they typed', async ({
  web,
  open,
}) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ KEY: 'before' }, person);
  const page = await open(vault(id), { as: person });
  await press(page, 'Edit KEY');
  await valueField(page).fill('typed for an hour');
  await person.client.ok('user_logout', {});
  await press(page, 'Update');
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await shown(dialog);
  expect(await page.getByText('typed for an hour').isVisible()).toBe(false);
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await shown(dialog, page.getByText('Hidden. What you typed is kept.'));
  await signIn(page, person.client.username);
  await gone(dialog);
  await press(page, 'Show the value');
  expect(await valueField(page).inputValue()).toBe('typed for an hour');
  await press(page, 'Update');
  await shown(page.getByText('KEY is at version 2 now'));
  await gone(openDialog(page));
});

test('a session that ends during an edit: for someone else everything is dropped', async ({ web, open }) => {
  const one = await web.person('ADMIN');
  const two = await web.person('VIEWER');
  const page = await open(vault(await web.project({ KEY: 'before' }, one)), { as: one });
  await press(page, 'Create New');
  await page.getByLabel('Key', { exact: true }).fill('NEW');
  await valueField(page).fill('canary-someone-else');
  await one.client.ok('user_logout', {});
  await press(page, 'Create');
  await shown(page.getByRole('dialog', { name: 'Sign in again' }));
  await signIn(page, two.client.username);
  await shown(page.getByRole('link', { name: two.client.username }));
  await expectNowhere(page, 'canary-someone-else');
  await gone(row(page, 'KEY'));
});

test('a session that ends during an edit: who leaves instead leaves nothing behind', async ({
  web,
  open,
}) => {
  const person = await web.person('ADMIN');
  const page = await open(vault(await web.project({ KEY: 'before' }, person)), { as: person });
  await press(page, 'Edit KEY');
  await valueField(page).fill('canary-leave');
  await person.client.ok('user_logout', {});
  await press(page, 'Update');
  await shown(page.getByRole('dialog', { name: 'Sign in again' }));
  await press(page, 'Leave without saving');
  await shown(page.getByRole('heading', { name: 'Sign in to Coffer' }));
  await expectNowhere(page, 'canary-leave');
});

test('a sign-out that fails says that one is still signed in', async ({ web, open }) => {
  const page = await open('/web/account', { as: await web.person('ADMIN') });
  await shown(page.getByRole('button', { name: 'Sign out', exact: true }));
  await page.route(
    '**/user/logout',
    async (route) =>
      await route.fulfill({
        status: 429,
        json: { status: 429, code: 'throttled', message: 'Try again later.' },
      }),
  );
  await press(page, 'Sign out');
  await shown(page.getByText('You are still signed in. Try again later.'));
});

test('a copy that is under way at the sign-out, or when the page is left, never reaches the clipboard', async ({
  web,
  open,
}) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ KEY: 'canary-copy' }, person);
  const page = await open(vault(id), { as: person, permissions: ['clipboard-read', 'clipboard-write'] });
  await shown(row(page, 'KEY'));
  await page.evaluate(async () => await navigator.clipboard.writeText('before'));
  for (const leave of ['Projects', 'Sign out']) {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const arrived = page.waitForRequest('**/vault/fetch/one*');
    await page.route('**/vault/fetch/one*', async (route) => {
      const response = await route.fetch();
      await held;
      await route.fulfill({ response }).catch(() => undefined);
    });
    await press(page, 'Copy KEY');
    await arrived;
    await page.getByText(leave, { exact: true }).click();
    await shown(page.getByRole('heading', { name: /^(?:Projects|Sign in to Coffer)$/, level: 1 }));
    release();
    await page.unrouteAll({ behavior: 'wait' });
    expect(await page.evaluate(async () => await navigator.clipboard.readText())).toBe('before');
    expect(await everythingOf(page)).not.toContain('Copied');
    if (leave === 'Projects') await page.goBack();
  }
});

test('who may no longer do what the page offers sees no value, and the page changes with them', async ({
  web,
  open,
}) => {
  const id = await web.project({ KEY: 'canary-demoted' });
  const person = await web.person('ADMIN', id);
  const page = await open(vault(id), { as: person });
  await press(page, 'Show KEY');
  await shown(page.getByText('canary-demoted'));
  await web.root.client.ok('user_update', { uid: person.client.uid, role: 'VIEWER' });
  await press(page, 'Copy KEY');
  await shown(page.getByRole('heading', { name: 'Not allowed' }));
  await expectNowhere(page, 'canary-demoted');
  await gone(page.getByRole('link', { name: 'Vaults' }));
  await shown(page.getByRole('link', { name: person.client.username }).getByText('VIEWER'));
});
