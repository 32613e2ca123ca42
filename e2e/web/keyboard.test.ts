import { expect } from 'vitest';
import { gone, openDialog, row, settled, shown, test } from './browser.ts';
import { expectFocus, focused, isFocusVisible, tabTo } from './focus.ts';
import { LOOK_AROUND } from './well-made.ts';

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

test(
  '/, n, ? and Ctrl K work on every page that has something for them',
  LOOK_AROUND,
  async ({ web, open }) => {
    const id = await web.project({ KEY: 'k' }, web.root);
    const page = await open('/web/login', { as: web.root });
    for (const [path, filter, creates] of [
      ['vaults', 'Filter projects…', false],
      [`vault?project_id=${id}`, 'Filter vaults…', true],
      ['projects', 'Filter projects…', true],
      [`project?id=${id}`, 'Filter members…', false],
      [`project/tokens?id=${id}`, 'Filter tokens…', true],
      ['routes', 'Filter projects…', false],
      [`routes/project?id=${id}`, 'Filter routes…', false],
      ['tokens', 'Filter tokens…', true],
      ['users', 'Filter users…', true],
      ['events', 'Project', false],
      ['account', undefined, false],
    ] as const) {
      await page.goto(`/web/${path}`);
      await shown(page.getByRole('heading', { level: 1 }));
      await settled(page);
      if (filter !== undefined) {
        await page.keyboard.press('/');
        await expect.poll(async () => await focused(page), { message: path }).toBe(filter);
        await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      }
      for (const keys of [...(creates ? ['n'] : []), '?', 'Control+k']) {
        await page.keyboard.press(keys);
        await shown(openDialog(page));
        await page.keyboard.press('Escape');
        await gone(openDialog(page));
      }
    }
    await page.goto(`/web/routes/project?id=${id}`);
    await shown(page.getByRole('link', { name: 'Create route' }).first());
    await page.keyboard.press('n');
    await shown(page.getByRole('heading', { name: 'New route', level: 1 }));
  },
);

test('shortcuts of a single key can be turned off, which a reload keeps', async ({ web, open }) => {
  const page = await open(`/web/vault?project_id=${await web.project({ KEY: 'k' })}`, {
    as: await web.admin(),
  });
  const choice = page.getByRole('checkbox', { name: 'Shortcuts of a single key' });
  await shown(row(page, 'KEY'));
  await page.keyboard.press('?');
  await choice.uncheck();
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
  for (const load of [async () => undefined, async () => await page.reload()]) {
    await load();
    await shown(row(page, 'KEY'));
    for (const key of ['n', '?', '/']) await page.keyboard.press(key);
    expect(await focused(page)).not.toBe('Filter vaults…');
    // It would not open over another dialog.
    await page.keyboard.press('Control+k');
    await shown(page.getByRole('dialog', { name: 'Find a project or page' }));
    await page.keyboard.press('Escape');
    await gone(openDialog(page));
  }
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await choice.check();
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
  await page.keyboard.press('n');
  await shown(page.getByRole('dialog', { name: 'New entry' }));
});

test('Enter in the search leads to what was typed, also before the server has answered', async ({
  web,
  open,
}) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, person);
  const page = await open('/web/projects', { as: person });
  await shown(row(page, id));
  await page.keyboard.press('Control+k');
  await shown(openDialog(page).getByRole('option', { name: `Vault of ${id}` }));
  await page.route(/project\/fetch\?.*filter=m/, async () => await new Promise(() => undefined));
  await page.keyboard.type('my account');
  await page.keyboard.press('Enter');
  await shown(page.getByRole('heading', { name: 'My account', level: 1 }));
});

test('a page that arrives beneath an open dialog leaves the focus there', async ({ web, open }) => {
  const person = await web.person('ADMIN');
  await web.project({ KEY: 'k' }, person);
  const page = await open('/web/account', { as: person });
  await shown(page.getByRole('heading', { name: 'My account', level: 1 }));
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  await page.route(/event\/fetch/, async (route) => {
    await answered;
    await route.continue();
  });
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Events' }).press('Enter');
  await page.keyboard.press('Control+k');
  await expect.poll(async () => await focused(page)).toBe('Part of the name');
  answer();
  await expect.poll(async () => await page.title()).toContain('Events');
  await page.keyboard.type('my account');
  expect(await openDialog(page).getByRole('combobox').inputValue()).toBe('my account');
});

test('Ctrl K finds a project and a page by arrows and Enter', async ({ web, open }) => {
  const person = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, person);
  const page = await open('/web/account', { as: person });
  await shown(page.getByRole('heading', { name: 'My account' }));
  await page.keyboard.press('Control+k');
  await expect.poll(async () => await focused(page)).toBe('Part of the name');
  await page.keyboard.type(id);
  await shown(page.getByRole('option', { name: `Vault of ${id}` }));
  await page.keyboard.press('ArrowDown');
  expect(await page.getByRole('option', { selected: true }).innerText()).toContain(`Project ${id}`);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await shown(row(page, 'KEY'));
  await page.keyboard.press('Control+k');
  await expect.poll(async () => await focused(page)).toBe('Part of the name');
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

test('the focus comes back to Create New, after Esc as after saving', async ({ web, open }) => {
  const page = await open(`/web/vault?project_id=${await web.project()}`, { as: await web.admin() });
  await tabTo(page, 'Create the first entry');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await focused(page)).toBe('Key');
  await page.keyboard.type('KEY_A');
  await page.keyboard.press('Enter');
  await gone(openDialog(page));
  await shown(row(page, 'KEY_A'));
  await expectFocus(page, 'Create New'); // the button that opened it is gone with the empty list
  for (const open of [
    async () => await page.keyboard.press('n'),
    async () => await page.getByRole('button', { name: 'Create New' }).click(),
  ]) {
    await open();
    await expect.poll(async () => await focused(page)).toBe('Key');
    await page.keyboard.press('Escape');
    await gone(openDialog(page));
    await expectFocus(page, 'Create New');
    await page.getByRole('searchbox').focus();
  }
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Create New' }).click();
  await expect.poll(async () => await focused(page)).toBe('Key');
  await page.keyboard.type('KEY_B');
  await page.keyboard.press('Enter');
  await shown(row(page, 'KEY_B'));
  await gone(openDialog(page));
  await expectFocus(page, 'Create New');
});

test('after an entry is deleted the focus is at the next one, then at the filter', async ({ web, open }) => {
  const page = await open(`/web/vault?project_id=${await web.project({ A: 'a', B: 'b', C: 'c' })}`, {
    as: await web.admin(),
  });
  await page.getByRole('button', { name: 'Show B', exact: true }).click(); // a row of its own, between the two
  const remove = async (key: string): Promise<void> => {
    await page.getByRole('button', { name: `Delete ${key}`, exact: true }).focus();
    await page.keyboard.press('Enter');
    await shown(page.getByRole('alertdialog'));
    await page.getByRole('alertdialog').getByLabel('Key').fill(key);
    await page.keyboard.press('Enter');
    await gone(row(page, key), openDialog(page));
  };
  await remove('B');
  await expectFocus(page, 'Delete C');
  await remove('C');
  await expectFocus(page, 'Filter vaults…');
  await remove('A');
  await shown(page.getByText('This vault is empty'));
  await expectFocus(page, 'Filter vaults…');
});

test('after the only entry of the last page is deleted the focus is at the filter', async ({ web, open }) => {
  const keys = Array.from({ length: 11 }, (_, index) => [`KEY_${10 + index}`, 'v']);
  const id = await web.project(Object.fromEntries(keys));
  const page = await open(`/web/vault?project_id=${id}&page=2`, { as: await web.admin() });
  await page.getByRole('button', { name: 'Delete KEY_20' }).click();
  await openDialog(page).getByLabel('Key').fill('KEY_20');
  await page.keyboard.press('Enter');
  await shown(row(page, 'KEY_10'));
  await gone(openDialog(page));
  await expectFocus(page, 'Filter vaults…');
});

for (const place of ['page', 'dialog'] as const) {
  test(`after a member is removed the focus is at the next one, then at the filter (${place})`, async ({
    web,
    open,
  }) => {
    const me = await web.person('ADMIN');
    const id = await web.project({}, me);
    const members = [await web.person('VIEWER', id), await web.person('VIEWER', id)];
    const names = members.map(({ client }) => client.username).toSorted();
    const page = await open(place === 'page' ? `/web/project?id=${id}` : '/web/vaults', { as: me });
    if (place === 'dialog') await page.getByRole('button', { name: /^Members of/ }).click();
    await shown(...names.map((name) => page.getByRole('button', { name: `Remove ${name}` })));
    const remaining = await page
      .getByRole('button', { name: /^Remove / })
      .evaluateAll((buttons) => buttons.map((button) => button.ariaLabel ?? ''));
    for (const [index, name] of remaining.entries()) {
      if (name.endsWith(me.client.username)) continue;
      await page.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('alertdialog').getByRole('button', { name: 'Remove member' }).focus();
      await page.keyboard.press('Enter');
      await gone(page.getByRole('alertdialog'), page.getByRole('button', { name, exact: true }));
      await expectFocus(page, remaining[index + 1] ?? 'Filter members…');
    }
  });
}

test('after an environment is deleted the focus is at what adds one', async ({ web, open }) => {
  const id = await web.project();
  const { client } = await web.admin();
  await client.ok('environment_create', { project_id: id, id: 'staging', name: 'Staging' });
  await client.ok('vault_create', { project_id: id, environment: 'staging', key: 'KEY', value: 'v' });
  const page = await open(`/web/project?id=${id}`, { as: await web.admin() });
  await page.getByRole('button', { name: 'Delete Staging' }).click();
  await page.getByRole('button', { name: 'Delete environment' }).click();
  await shown(page.getByText('The environment is not empty. Entries: 1, routes: 0.'));
  await client.ok('vault_delete', { project_id: id, environment: 'staging', key: 'KEY' });
  await page.getByRole('button', { name: 'Delete environment' }).click();
  await gone(openDialog(page), page.getByRole('button', { name: 'Delete Staging' }));
  await expectFocus(page, 'Add environment');
});

test('an arrow that leads no further keeps the focus, and does nothing', async ({ web, open }) => {
  const keys = Array.from({ length: 11 }, (_, index) => [`KEY_${10 + index}`, 'v']);
  const page = await open(`/web/vault?project_id=${await web.project(Object.fromEntries(keys))}`, {
    as: await web.admin(),
  });
  await page.getByRole('button', { name: 'Next page' }).focus();
  await page.keyboard.press('Enter');
  await shown(row(page, 'KEY_20'));
  await expectFocus(page, 'Next page');
  expect(await page.getByRole('button', { name: 'Next page' }).isDisabled()).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Previous page' }).press('Enter');
  await shown(row(page, 'KEY_10'));
  await expectFocus(page, 'Previous page');
});

test('another page has the focus at its title, by a link as by Ctrl K, but not the first one', async ({
  web,
  open,
}) => {
  const me = await web.person('ADMIN');
  const id = await web.project({ KEY: 'k' }, me);
  const name = id.replace('shop_', 'Shop ');
  const page = await open('/web/', { as: me });
  await shown(row(page, id));
  expect(await focused(page)).toBe('nothing');
  await page.getByRole('link', { name, exact: true }).press('Enter');
  await shown(page.getByRole('heading', { name, level: 1 }));
  await expectFocus(page, name);
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Create New');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Events' }).press('Enter');
  await shown(page.getByRole('heading', { name: 'Events', level: 1 }));
  await expectFocus(page, 'Events');
  for (const [typed, title] of [
    ['my account', 'My account'],
    ['my account', 'My account'],
    [id, name],
  ] as const) {
    await page.keyboard.press('Control+k');
    await expectFocus(page, 'Part of the name');
    await page.keyboard.type(typed);
    const found = openDialog(page).getByRole('option', { selected: true });
    await expect.poll(async () => await found.innerText()).toContain(title);
    await page.keyboard.press('Enter');
    await shown(page.getByRole('heading', { name: title, level: 1 }));
    await expectFocus(page, title);
  }
  await page.goBack();
  await expectFocus(page, 'My account');
});
