import { PROJECT, PROJECT_OF_NEW } from './coffer.ts';

/** What is measured. Each is one HTTP request; keys are chosen by the generator. */
export type Operation = {
  name: string;
  says: string;
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  body?: Record<string, unknown>;
  keys: 'random' | 'next';
};

const VALUE = 'y'.repeat(200);

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'read-one',
    says: 'read one value',
    method: 'GET',
    path: `/vault/fetch/one?project_id=${PROJECT}&key={key}`,
    keys: 'random',
  },
  {
    name: 'list-10',
    says: 'list 10 keys',
    method: 'GET',
    path: `/vault/fetch?project_id=${PROJECT}`,
    keys: 'random',
  },
  {
    name: 'read-100',
    says: 'read 100 values',
    method: 'GET',
    path: `/vault/fetch?project_id=${PROJECT}&limit=100&values=true`,
    keys: 'random',
  },
  {
    name: 'create',
    says: 'create an entry',
    method: 'POST',
    path: '/vault/create',
    body: { project_id: PROJECT_OF_NEW, key: '{key}', value: VALUE },
    keys: 'next',
  },
  {
    name: 'update',
    says: 'update an entry',
    method: 'PATCH',
    path: '/vault/update',
    body: { project_id: PROJECT, key: '{key}', value: VALUE },
    keys: 'random',
  },
];

/** The bytes of a request, with `{key}` where the key goes. */
export function requestOf({ method, path, body }: Operation, keyLength: number, token: string): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const length = text.replaceAll('{key}', 'K'.repeat(keyLength)).length;
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: Bearer ${token}`,
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${length}`]),
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}
