import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { gone, openDialog, Opener, PASSWORD, row, shown, test } from './browser.ts';

const signIn = async (page: Page, name: string, password = PASSWORD): Promise<void> => {
  await page.getByLabel('User name or e-mail address').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
};

/** The field says that it is not valid, has the focus, and is described by the reason. */
const refusedBeneath = async (field: Locator, reason: string): Promise<void> => {
  await expect.poll(async () => await field.getAttribute('aria-invalid')).toBe('true');
  const described = await field.evaluate((input) =>
    (input.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent)
      .join(' '),
  );
  expect(described).toContain(reason);
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
};

const press = async (page: Page, name: string): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).click();

test('the one-time link makes the first account: refusals stand beneath the fields, the token leaves the address', async ({
  fresh,
}) => {
  const opener = new Opener();
  const page = await opener.open(fresh, `/web/setup#setup_token=${fresh.server.setupToken}`);
  await page.getByLabel('User name').fill('ada');
  await page.getByLabel('E-mail address').fill('nonsense');
  await page.getByLabel('First name').fill('Ada');
  await page.getByLabel('Last name').fill('Lovelace');
  await page.getByLabel('Password').fill('short');
  expect(page.url()).toBe(`${fresh.server.url}/web/setup`);
  await press(page, 'Create account');
  await shown(
    page
      .getByText(/This field must be .*address/)
      .or(page.locator('[aria-invalid] ~ p'))
      .first(),
  );
  for (const label of ['E-mail address', 'Password']) {
    const field = page.getByLabel(label);
    expect(await field.getAttribute('aria-invalid'), label).toBe('true');
    expect(await field.getAttribute('aria-describedby'), label).toContain('error');
  }
  expect(await page.getByLabel('User name').inputValue()).toBe('ada');

  await page.getByLabel('E-mail address').fill('ada@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await press(page, 'Create account');
  await shown(
    page.getByRole('heading', { name: 'Projects', level: 1 }),
    page.getByText('ROOT', { exact: true }),
  );

  const again = await opener.open(fresh, `/web/setup#setup_token=${fresh.server.setupToken}`);
  await again.getByLabel('User name').fill('eve');
  await again.getByLabel('E-mail address').fill('eve@example.org');
  await again.getByLabel('First name').fill('Eve');
  await again.getByLabel('Last name').fill('Second');
  await again.getByLabel('Password').fill(PASSWORD);
  await press(again, 'Create account');
  await shown(again.getByRole('heading', { name: 'Coffer is set up already' }));
  await again.getByRole('link', { name: 'Go to the sign-in' }).click();
  await again.waitForURL('**/web/login');
  await opener.close();
});

test('the set-up page without the link says what is missing, and leads to the sign-in', async ({ open }) => {
  const page = await open('/web/setup');
  await shown(page.getByText(/needs the whole link that the server printed/));
  expect(await page.getByRole('button', { name: 'Create account' }).isDisabled()).toBe(true);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.waitForURL('**/web/login');
});

test('a wrong password is refused without saying which part is wrong, and keeps the name', async ({
  web,
  open,
}) => {
  const { client } = await web.person('ADMIN');
  const page = await open('/web/login');
  await signIn(page, client.username, 'not the password');
  const refusal = page.getByRole('alert');
  await shown(refusal);
  const known = await refusal.innerText();
  expect(await page.getByLabel('User name or e-mail address').inputValue()).toBe(client.username);
  await signIn(page, 'nobody', 'not the password');
  await expect.poll(async () => await page.getByRole('button', { name: 'Sign in' }).isEnabled()).toBe(true);
  expect(await refusal.innerText()).toBe(known);
});

test('a page behind the sign-in asks for it, and comes back to where it was with its search part', async ({
  web,
  open,
}) => {
  const id = await web.project({ KEY_A: 'a', KEY_B: 'b' });
  const admin = await web.admin();
  const page = await open(`/web/vault?project_id=${id}&filter=KEY_B`);
  await page.waitForURL('**/web/login?**');
  await signIn(page, `${admin.client.username}@example.org`);
  await shown(row(page, 'KEY_B'));
  expect(await row(page, 'KEY_A').count()).toBe(0);
  expect(new URL(page.url()).searchParams.get('project_id')).toBe(id);
});

test('a link to the sign-in never leads to another site', async ({ web, open }) => {
  const { client } = await web.person('VIEWER');
  const targets = [
    'https://evil.example/',
    '//evil.example/',
    String.raw`/\evil.example/`,
    String.raw`\\evil.example`,
    '/web//evil.example',
    '/web/..//evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    'http:evil.example',
  ];
  const page = await open('/web/login');
  for (const target of targets) {
    await page.context().clearCookies();
    await page.goto(`/web/login?next=${encodeURIComponent(target)}`);
    await signIn(page, client.username);
    await page.waitForURL((url) => !url.pathname.startsWith('/web/login'));
    expect(new URL(page.url()).origin, target).toBe(web.server.url);
    await shown(page.getByRole('heading', { level: 1 }));
  }
});

test('signing out ends the session; back shows nothing', async ({ web, open }) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, person);
  const page = await open(`/web/vault?project_id=${id}`, { as: person });
  await shown(row(page, 'KEY'));
  await page.waitForLoadState('networkidle');
  await page.route('**/*.js', async (route) => await route.abort()); // the sign-in is there already
  await press(page, 'Sign out');
  await shown(page.getByRole('heading', { name: 'Sign in to Coffer' }));
  expect(await page.getByText('KEY', { exact: true }).count()).toBe(0);
  await page.goBack();
  await page.waitForURL('**/web/login?**');
  await shown(page.getByRole('heading', { name: 'Sign in to Coffer' }));
  expect(await page.getByText('KEY', { exact: true }).count()).toBe(0);
  const answer = await web.server.client().send('GET', '/user/me', { headers: { cookie: person.cookie } });
  expect(answer.status).toBe(401);
});

test('signed out elsewhere: the page says so, and returns to where it was after the sign-in', async ({
  web,
  open,
}) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ KEY_A: 'a', KEY_B: 'b' }, person);
  const page = await open(`/web/vault?project_id=${id}&filter=KEY_A`, { as: person });
  await shown(row(page, 'KEY_A'));
  await web.root.client.ok('user_password_reset', {
    uid: person.client.uid,
    new_password: `${PASSWORD}-new`,
  });
  await press(page, 'Show KEY_A');
  await shown(page.getByText('Your session has ended. Sign in to go back to where you were.'));
  expect(await page.content()).not.toContain('KEY_A</th>');
  await signIn(page, person.client.username, `${PASSWORD}-new`);
  await shown(row(page, 'KEY_A'));
  expect(new URL(page.url()).searchParams.get('filter')).toBe('KEY_A');
});

test('the sign-in leads on, also where an address says that it leads back to itself', async ({
  web,
  open,
}) => {
  const { client } = await web.person('VIEWER');
  for (const next of ['/web/login', '/login', '/web/setup', '//evil.example']) {
    const page = await open(`/web/login?next=${encodeURIComponent(next)}`);
    await signIn(page, client.username, PASSWORD);
    await shown(page.getByRole('heading', { name: 'Projects', level: 1 }));
  }
});

test('the sign-in warns where others on the way can read what is typed', async ({ open }) => {
  const page = await open('/web/login');
  await shown(page.getByRole('heading', { name: 'Sign in to Coffer' }));
  const warning = page.getByText('others on the way can read what you type', { exact: false });
  expect(await warning.count()).toBe(0);
  await page.addInitScript(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
  await page.reload();
  await shown(warning);
});

test('an address with nonsense for a page number shows the first page', async ({ web, open }) => {
  const nonsense = encodeURIComponent('{"toString":1}');
  const page = await open(`/web/projects?page=${nonsense}&size=${nonsense}`, { as: await web.admin() });
  await shown(page.getByRole('heading', { name: 'Projects', level: 1 }));
});

test('the profile is changed on the page of the account', async ({ web, open }) => {
  const person = await web.person('VIEWER');
  const page = await open('/web/account', { as: person });
  await page.getByLabel('First name').fill('Grace');
  await page.getByLabel('E-mail address').fill('nonsense');
  await press(page, 'Save profile');
  await expect
    .poll(async () => await page.getByLabel('E-mail address').getAttribute('aria-invalid'))
    .toBe('true');
  expect(await page.getByLabel('First name').inputValue()).toBe('Grace');
  await page.getByLabel('E-mail address').fill('grace@example.org');
  await press(page, 'Save profile');
  await shown(page.getByText('Profile saved'));
  const { user } = await person.client.ok('user_me');
  expect(user).toMatchObject({ first_name: 'Grace', email: 'grace@example.org' });
});

test('a new password needs the current one, and ends the other sessions', async ({ web, open }) => {
  const person = await web.person('VIEWER');
  const other = await web.signIn(person.client.username);
  const page = await open('/web/account', { as: person });
  await page.getByLabel('Current password').fill('not this');
  await page.getByLabel('New password').fill(`${PASSWORD}-2`);
  await press(page, 'Change password');
  await shown(page.getByText(/password is wrong|current password/i).nth(1));
  await page.getByLabel('Current password').fill(PASSWORD);
  await press(page, 'Change password');
  await shown(page.getByText('Password changed. Your other sessions have ended.'));
  expect(await page.getByLabel('New password').inputValue()).toBe('');
  expect((await other.client.call('user_me')).status).toBe(401);
  await page.reload();
  await shown(page.getByRole('heading', { name: 'My account' }));
});

test('another session of mine is ended from the list', async ({ web, open }) => {
  const person = await web.person('VIEWER');
  const other = await web.signIn(person.client.username);
  const page = await open('/web/account', { as: person });
  const sessions = page.getByRole('table', { name: 'Where you are signed in' });
  await shown(sessions.getByText('This one'));
  await sessions.getByRole('button', { name: /^End the session/ }).click();
  await shown(page.getByText('Session ended'));
  await gone(sessions.getByRole('button', { name: /^End the session/ }));
  expect((await other.client.call('user_me')).status).toBe(401);
});

test('the session of the page itself is ended from the list', async ({ web, open }) => {
  const person = await web.person('VIEWER');
  const page = await open('/web/account', { as: person });
  await press(page, 'Sign out here');
  await page.waitForURL((url) => url.pathname === '/web/login' && url.search === '');
  expect((await page.context().cookies()).filter(({ name }) => name.includes('session'))).toEqual([]);
});

test('ROOT creates a user, who signs in', async ({ web, open }) => {
  const page = await open('/web/users', { as: web.root });
  await press(page, 'Add user');
  const dialog = page.getByRole('dialog', { name: 'New user' });
  await dialog.getByLabel('User name').fill('rosa');
  await dialog.getByLabel('E-mail address').fill('new@example.org');
  await dialog.getByLabel('First name').fill('Neu');
  await dialog.getByLabel('Last name').fill('Ling');
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByLabel('Role').selectOption('AUTHOR');
  await dialog.getByRole('button', { name: /^(Create|Add)/ }).click();
  await refusedBeneath(dialog.getByLabel('User name'), 'Another user has this user name');
  await dialog.getByLabel('User name').fill('neuling');
  await dialog.getByLabel('E-mail address').fill('rosa@example.org');
  await dialog.getByRole('button', { name: /^(Create|Add)/ }).click();
  await refusedBeneath(dialog.getByLabel('E-mail address'), 'Another user has this e-mail address');
  await dialog.getByLabel('E-mail address').fill('new@example.org');
  await dialog.getByRole('button', { name: /^(Create|Add)/ }).click();
  await shown(page.getByText('neuling can sign in now'), row(page, 'new@example.org').getByText('AUTHOR'));
  const { client } = await web.signIn('neuling');
  expect((await client.ok('user_me')).user.role).toBe('AUTHOR');
});

test('ROOT changes a role, which counts at once', async ({ web, open }) => {
  const { client } = await web.person('VIEWER');
  const page = await open('/web/users', { as: web.root });
  await page.getByLabel('Filter users…').fill(client.username);
  await press(page, `Change the role of ${client.username}`);
  await openDialog(page).getByLabel('Role').selectOption('ADMIN');
  await press(page, 'Change role');
  await shown(row(page, `${client.username}@example.org`).getByText('ADMIN', { exact: true }));
  expect((await client.ok('user_me')).user.role).toBe('ADMIN');
});

test('ROOT sets a new password, which ends the sessions', async ({ web, open }) => {
  const { client } = await web.person('VIEWER');
  const page = await open(`/web/users?filter=${client.username}`, { as: web.root });
  await press(page, `Set a new password for ${client.username}`);
  await openDialog(page).getByLabel('New password').fill('password1234');
  await press(page, 'Set password');
  await expect
    .poll(async () => await openDialog(page).getByLabel('New password').getAttribute('aria-invalid'))
    .toBe('true');
  await openDialog(page).getByLabel('New password').fill(`${PASSWORD}-3`);
  await press(page, 'Set password');
  await shown(page.getByText(`${client.username} has a new password`));
  expect((await client.call('user_me')).status).toBe(401);
  await web.signIn(client.username, `${PASSWORD}-3`);
});

test('ROOT deletes a user after typing the name', async ({ web, open }) => {
  const { client } = await web.person('VIEWER');
  const page = await open(`/web/users?filter=${client.username}`, { as: web.root });
  await press(page, `Delete ${client.username}`);
  const button = page.getByRole('button', { name: 'Delete user' });
  expect(await button.isDisabled()).toBe(true);
  await openDialog(page).getByLabel('User name').fill(client.username);
  await button.click();
  await shown(page.getByText('No user matches the filter'));
  expect((await client.call('user_me')).status).toBe(401);
});

test('the last ROOT can neither be deleted nor lose the role', async ({ web, open }) => {
  const page = await open('/web/users?filter=rosa', { as: web.root });
  await press(page, 'Change the role of rosa');
  await openDialog(page).getByLabel('Role').selectOption('VIEWER');
  await shown(openDialog(page).getByText('You take ROOT from yourself', { exact: false }));
  await press(page, 'Give up the role ROOT');
  await shown(openDialog(page).getByRole('alert').getByText(/ROOT/));
  await page.keyboard.press('Escape');
  await press(page, 'Delete rosa');
  await openDialog(page).getByLabel('User name').fill('rosa');
  await press(page, 'Delete user');
  await shown(openDialog(page).getByRole('alert').getByText(/ROOT/));
  expect((await web.root.client.ok('user_me')).user.role).toBe('ROOT');
});

test('a first visit is told where the set-up link is, and nothing about a session', async ({ fresh }) => {
  const opener = new Opener();
  const page = await opener.open(fresh, '/web/');
  await shown(page.getByText('First visit? The server prints a set-up link when it starts.'));
  expect(new URL(page.url()).search).toBe('?next=%2F');
  expect(await page.getByText('Your session has ended', { exact: false }).count()).toBe(0);
  await opener.close();
});

test('a session says its browser and system in words, and all of it on demand', async ({ web, open }) => {
  const { client } = await web.person('VIEWER');
  const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
  const page = await open('/web/login', { userAgent });
  await page.getByLabel('User name or e-mail address').fill(client.username);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/web/projects');
  await page.goto('/web/account');
  const sessions = page.getByRole('table', { name: 'Where you are signed in' });
  await shown(sessions.getByText('Firefox on Linux'));
  expect(await sessions.getByText(userAgent).isVisible()).toBe(false);
  await sessions.getByText('Firefox on Linux').click();
  expect(await sessions.getByText(userAgent).isVisible()).toBe(true);
  await shown(sessions.getByText('node', { exact: true })); // the client of the tests, as it is
});
