import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import {
  everythingOf,
  expectNowhere,
  gone,
  openDialog,
  Opener,
  row,
  shown,
  test,
  watchAnswers,
} from './browser.ts';

const press = async (page: Page, name: string): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).click();

test('the browser receives no value before Show, and keeps none after Hide and after leaving', async ({
  web,
  open,
}) => {
  const canary = 'canary-7d1f';
  const admin = await web.admin();
  const id = await web.project({ KEY: canary, OTHER: 'o' });
  const page = await open('/web/vaults', { as: admin });
  const answers = watchAnswers(page, canary);
  await page.goto(`/web/vault?project_id=${id}`);
  await shown(row(page, 'KEY'));
  await page.getByLabel('Filter vaults…').fill('KEY');
  await page.waitForURL(/filter=KEY/);
  await press(page, 'History of KEY');
  await shown(openDialog(page).getByText('current'));
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
  expect(await answers.paths()).toEqual([]);
  await expectNowhere(page, canary);

  await press(page, 'Show KEY');
  await shown(page.getByText(canary));
  expect(await answers.paths()).toEqual(['/vault/fetch/one']);
  const attributes = await page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .flatMap((element) => [...element.attributes].map(({ value }) => value))
      .join('\n'),
  );
  expect(attributes).not.toContain(canary);
  await press(page, 'Hide KEY');
  await expectNowhere(page, canary);

  await press(page, 'Show KEY');
  await shown(page.getByText(canary));
  await page.getByRole('link', { name: 'Projects' }).click();
  await shown(page.getByRole('heading', { name: 'Projects', level: 1 }));
  await expectNowhere(page, canary);
  await page.goBack();
  await shown(row(page, 'KEY'));
  await expectNowhere(page, canary);
});

test('a value that was typed, edited or imported stays nowhere once its dialog is closed', async ({
  web,
  open,
}) => {
  const canary = 'canary-93ab';
  const page = await open(`/web/vault?project_id=${await web.project({ OLD: 'o' })}`, {
    as: await web.admin(),
  });
  const answers = watchAnswers(page, canary);
  const value = page.getByRole('textbox', { name: 'Value' });
  await press(page, 'Create New');
  await page.getByLabel('Key', { exact: true }).fill('KEY');
  await value.fill(canary);
  await press(page, 'Create');
  await shown(row(page, 'KEY'));
  await gone(openDialog(page));
  await expectNowhere(page, canary);

  await press(page, 'Edit OLD');
  await value.fill(canary);
  await page.keyboard.press('Escape');
  await gone(openDialog(page));
  await expectNowhere(page, canary);
  await press(page, 'Edit OLD');
  await expect.poll(async () => await value.inputValue()).toBe('o');
  await page.keyboard.press('Escape');
  await gone(openDialog(page));

  await press(page, 'Create New');
  await press(page, 'Paste a .env file…');
  await page.getByLabel('Text of a .env file').fill(`NEW=${canary}`);
  await press(page, 'Import 1 entry');
  await shown(row(page, 'NEW'));
  await gone(openDialog(page));
  await expectNowhere(page, canary);
  expect(await answers.paths()).toEqual([]);
});

test('no memory of the page holds a value that was hidden', async ({ web, open }) => {
  const page = await open(`/web/vault?project_id=${await web.project({ KEY: 'canary-5e2c', OTHER: 'o' })}`, {
    as: await web.admin(),
  });
  await press(page, 'Show KEY');
  await shown(page.getByText('canary-5e2c'));
  expect(await memoryOf(page)).toContain('canary-5e2c');
  await press(page, 'Hide KEY');
  await gone(page.getByText('canary-5e2c'));
  await expect.poll(async () => await memoryOf(page), { timeout: 15_000 }).not.toContain('canary-5e2c');

  await press(page, 'History of KEY');
  await press(page, 'Show version 1');
  await shown(page.getByText('canary-5e2c'));
  await press(page, 'Hide version 1');
  await gone(page.getByText('canary-5e2c'));
  await expect.poll(async () => await memoryOf(page), { timeout: 15_000 }).not.toContain('canary-5e2c');
});

/** What the scripts of the page can reach, after everything else was collected. */
async function memoryOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  const { strings } = JSON.parse(chunks.join('')) as { strings: string[] };
  return strings.filter((text) => text.startsWith('canary')).join('\n');
}

test('values that look like markup are text', async ({ web, open }) => {
  const value = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  const page = await open(`/web/vault?project_id=${await web.project({ KEY: value })}`, {
    as: await web.admin(),
  });
  await press(page, 'Show KEY');
  await shown(page.getByText(value));
  expect(await page.title()).not.toBe('owned');
});

test('the session cookie is HttpOnly and SameSite strict, and the pages see no cookie', async ({
  web,
  open,
}) => {
  const { client } = await web.person('VIEWER');
  const page = await open('/web/login');
  await page.getByLabel('User name or e-mail address').fill(client.username);
  await page.getByLabel('Password').fill('violet-anchor-pebble-41');
  await press(page, 'Sign in');
  await shown(page.getByRole('button', { name: 'Sign out', exact: true }));
  const cookies = await page.context().cookies();
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
  const everything = await everythingOf(page);
  expect(everything).not.toContain(cookies[0]?.value);
  expect(everything).not.toContain('violet-anchor-pebble-41');
  expect(await page.evaluate(() => document.cookie)).toBe('');
});

test('the pages come with a strict policy, and only from here', async ({ web }) => {
  for (const path of ['/web/', '/web/login', '/web/vault?project_id=x', '/web/nowhere']) {
    const { headers } = await web.server.client().send('GET', path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("script-src 'self';");
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toMatch(/unsafe|\*|https?:|data:|blob:/);
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(headers.get('referrer-policy'), path).toMatch(/no-referrer|same-origin/);
  }
});

test('the policy holds: an inline script does not run', async ({ web }) => {
  const opener = new Opener();
  const page = await opener.open(web, '/web/login');
  await shown(page.getByRole('heading', { name: 'Sign in to Coffer' }));
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "owned"';
    document.head.append(script);
  });
  await expect
    .poll(() => opener.problems.splice(0).join('\n'))
    .toContain('against the policy: script-src-elem inline');
  expect(await page.title()).not.toBe('owned');
  opener.problems.length = 0;
  await opener.close();
});

test('what changes something is refused from another site', async ({ web }) => {
  const { cookie } = await web.admin();
  const answer = await web.server.client().send('POST', '/project/create', {
    input: { id: 'foreign', name: 'Foreign', api_path: '/foreign' },
    headers: { cookie, origin: 'https://evil.example' },
  });
  expect(answer.status).toBe(403);
});

test('the sign-in page loads less than 200 kB of compressed JavaScript', async ({ open }) => {
  const page = await open('/web/login');
  await page.getByRole('heading', { name: 'Sign in to Coffer' }).waitFor();
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => path.endsWith('.js')),
  );
  const dist = fileURLToPath(new URL('../../packages/web/dist', import.meta.url));
  const bytes = [...new Set(scripts)].map(
    (path) => readFileSync(`${dist}${path.slice('/web'.length)}.gz`).length,
  );
  expect(bytes.length).toBeGreaterThan(1);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000);
});
