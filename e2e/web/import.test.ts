import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { expectAccessible, gone, openDialog, row, shown, test, type Open, type Web } from './browser.ts';

const press = async (page: Page, name: string): Promise<void> =>
  await page.getByRole('button', { name, exact: true }).click();

const textField = (page: Page) => page.getByLabel('Text of a .env file');

async function openCreate(web: Web, open: Open, entries: Record<string, string> = {}) {
  const id = await web.project(entries);
  const admin = await web.admin();
  const page = await open(`/web/vault?project_id=${id}`, { as: admin });
  await press(page, 'Create New');
  const value = async (key: string): Promise<string> =>
    (await admin.client.ok('vault_fetch_one', { project_id: id, key })).vault.value;
  return { id, admin, page, value };
}

/** Drops a file there, as the browser does when one is dragged out of a folder. */
async function drop(target: Locator, text: string): Promise<void> {
  const dataTransfer = await target.page().evaluateHandle((content) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], '.env'));
    return transfer;
  }, text);
  for (const type of ['dragenter', 'dragover', 'drop']) await target.dispatchEvent(type, { dataTransfer });
}

test('a .env text is previewed line by line, and one button imports it', async ({ web, open }) => {
  const { page, value } = await openCreate(web, open, { OLD: 'before', SAME: 'same' });
  await press(page, 'Paste a .env file…');
  await textField(page).fill(
    '# made by hand\nNEW="x y"\nOLD=after\nSAME=same\nlower=1\nnonsense\nTWICE=1\nTWICE=2',
  );
  await shown(
    page.getByText('2 new, 1 changed, 1 unchanged, 3 refused', { exact: true }),
    page.getByRole('row', { name: '2 NEW New', exact: true }),
    page.getByRole('row', { name: '3 OLD Changed: becomes version 2', exact: true }),
    page.getByRole('row', { name: '4 SAME Unchanged: stays at version 1', exact: true }),
    page.getByRole('row', { name: /^5 lower The key must contain only upper-case letters/ }),
    page.getByRole('row', { name: '6 Not an assignment.', exact: true }),
    page.getByRole('row', { name: '7 TWICE Named again in line 8, which counts.', exact: true }),
    page.getByRole('row', { name: '8 TWICE New', exact: true }),
  );
  await expectAccessible(page);
  await press(page, 'Import 3 entries');
  await shown(page.getByText('2 new, 1 changed, 0 unchanged'), row(page, 'NEW'));
  await gone(openDialog(page));
  expect([await value('NEW'), await value('OLD'), await value('TWICE')]).toEqual(['x y', 'after', '2']);
});

test('a .env file that is dropped anywhere on the dialog is previewed, and nothing typed is lost', async ({
  web,
  open,
}) => {
  const { page, value } = await openCreate(web, open);
  const key = page.getByLabel('Key', { exact: true });
  await key.fill('TYPED');
  for (const target of [page.getByRole('heading', { name: 'New entry' }), key]) {
    await drop(target, 'DROPPED=ключ\r\n');
    await shown(page.getByText('1 new', { exact: true }));
    await press(page, 'Back');
    expect(await key.inputValue()).toBe('TYPED');
    await expect
      .poll(async () => await page.evaluate(() => document.activeElement?.textContent))
      .toBe('Paste a .env file…');
  }
  await press(page, 'Paste a .env file…');
  await drop(page.getByRole('button', { name: 'Back' }), 'DROPPED=ключ\r\n');
  await press(page, 'Import 1 entry');
  await shown(row(page, 'DROPPED'));
  expect(await value('DROPPED')).toBe('ключ');
});

test('a .env text that is pasted where the key goes is previewed, and a key is a key', async ({
  web,
  open,
}) => {
  const { page, value } = await openCreate(web, open);
  const key = page.getByLabel('Key', { exact: true });
  const paste = async (text: string): Promise<boolean> =>
    await key.evaluate((field, content) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', content);
      return field.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
      );
    }, text);
  // Left to the browser.
  expect(await paste('DATABASE_URL')).toBe(true);
  expect(await paste('export ONE=1\nTWO=2\n')).toBe(false);
  await shown(page.getByText('2 new', { exact: true }));
  await press(page, 'Import 2 entries');
  await shown(row(page, 'ONE'));
  expect(await value('TWO')).toBe('2');
});

test('a file is chosen; what is no text is refused rather than changed', async ({ web, open }) => {
  const { page } = await openCreate(web, open);
  await press(page, 'Paste a .env file…');
  const file = (buffer: Buffer) => ({ name: '.env', mimeType: '', buffer });
  await page.getByLabel('Or choose the file').setInputFiles(file(Buffer.from('CHOSEN=1')));
  await shown(page.getByRole('row', { name: '1 CHOSEN New', exact: true }));
  await page.getByLabel('Or choose the file').setInputFiles(file(Buffer.from([0x41, 0x3d, 0xff])));
  await shown(page.getByText('This file is not a text in UTF-8.'));
  await page.getByLabel('Or choose the file').setInputFiles(file(Buffer.from('B=2')));
  await shown(page.getByRole('row', { name: '1 B New', exact: true }));
  await gone(page.getByText('This file is not a text in UTF-8.'));
});

test('who changed a key since the preview is not overwritten, and the preview is made anew', async ({
  web,
  open,
}) => {
  const { id, admin, page, value } = await openCreate(web, open, { KEY: 'before' });
  await press(page, 'Paste a .env file…');
  await textField(page).fill('KEY=mine');
  await shown(page.getByText('Changed: becomes version 2'));
  await admin.client.ok('vault_update', { project_id: id, key: 'KEY', value: 'theirs' });
  await press(page, 'Import 1 entry');
  await shown(page.getByRole('alert'), page.getByText('Changed: becomes version 3'));
  expect(await value('KEY')).toBe('theirs');
  expect(await textField(page).inputValue()).toBe('KEY=mine');
});

test('the buttons stay in sight beneath a long preview, and keys are readable at 360 px', async ({
  web,
  open,
}) => {
  const { page } = await openCreate(web, open);
  await page.setViewportSize({ width: 360, height: 640 });
  await press(page, 'Paste a .env file…');
  const long = 'LONG_KEY_'.repeat(28);
  await textField(page).fill(
    [long, ...Array.from({ length: 60 }, (_, index) => `K${index}`)].map((key) => `${key}=1`).join('\n'),
  );
  await shown(page.getByText('61 new'));
  const button = await page.getByRole('button', { name: 'Import 61 entries' }).boundingBox();
  expect((button?.y ?? 0) + (button?.height ?? 0)).toBeLessThanOrEqual(640);
  const key = page.getByRole('cell', { name: long });
  expect(await key.evaluate((cell) => cell.scrollWidth - cell.clientWidth)).toBe(0);
  expect((await key.boundingBox())?.width).toBeGreaterThan(200);
});

test('a text that is too long is refused whole, never cut', async ({ web, open }) => {
  const { page } = await openCreate(web, open);
  await press(page, 'Paste a .env file…');
  const long = `KEY=${'v'.repeat(400_000)}`;
  await textField(page).focus();
  await page.keyboard.insertText(long);
  await shown(page.getByText(/^This is too much at once: 400,004 characters, of at most 400,000/));
  expect(await textField(page).inputValue()).toBe(long);
  expect(await page.getByRole('button', { name: 'Import 0 entries' }).isDisabled()).toBe(true);
});

test('of many lines the first are listed, and all are counted', async ({ web, open }) => {
  const { page } = await openCreate(web, open);
  await press(page, 'Paste a .env file…');
  const lines = Array.from({ length: 4000 }, (_, index) => `KEY_${index}=v`).join('\n');
  await page
    .getByLabel('Or choose the file')
    .setInputFiles({ name: '.env', mimeType: '', buffer: Buffer.from(lines) });
  await shown(page.getByText('4000 new', { exact: true }), page.getByText('The first 200 of 4,000 lines'));
  expect(await page.getByRole('row').count()).toBeLessThan(230);
  expect(await page.getByRole('button', { name: 'Import 4000 entries' }).isDisabled()).toBe(true);
});

test('a file that is dropped beside the dialog does not take the place of the page', async ({
  web,
  open,
}) => {
  const page = await open(`/web/vault?project_id=${await web.project({ KEY: 'k' })}`, {
    as: await web.admin(),
  });
  await shown(row(page, 'KEY'));
  const prevented = await page.getByRole('main').evaluate((main) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['A=secret'], '.env'));
    return ['dragover', 'drop'].map(
      (type) => !main.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })),
    );
  });
  expect(prevented).toEqual([true, true]);
});
