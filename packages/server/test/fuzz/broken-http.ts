/** What is sent byte by byte, because no client would. Each gets the token of someone who could change something. */
export const BROKEN_REQUESTS: Readonly<Record<string, (token: string) => Buffer>> = {
  'a negative Content-Length': (token) => project(token, ['Content-Length: -1']),
  'a Content-Length that is no number': (token) => project(token, ['Content-Length: twelve']),
  'a Content-Length in hexadecimal': (token) => project(token, ['Content-Length: 0x40']),
  'a Content-Length with a sign': (token) => project(token, [`Content-Length: +${BODY.length}`]),
  'a Content-Length beyond all numbers': (token) => project(token, [`Content-Length: ${'9'.repeat(30)}`]),
  'a Content-Length beyond the limit': (token) => project(token, ['Content-Length: 524289']),
  'two Content-Lengths that differ': (token) =>
    project(token, [`Content-Length: ${BODY.length}`, `Content-Length: ${BODY.length - 1}`]),
  'a list of Content-Lengths': (token) => project(token, [`Content-Length: ${BODY.length}, ${BODY.length}`]),
  'Content-Length and Transfer-Encoding': (token) =>
    project(token, [`Content-Length: ${BODY.length}`, 'Transfer-Encoding: chunked'], CHUNKED),
  'Transfer-Encoding and Content-Length': (token) =>
    project(token, ['Transfer-Encoding: chunked', `Content-Length: ${BODY.length}`], CHUNKED),
  'a Transfer-Encoding that is unknown': (token) => project(token, ['Transfer-Encoding: nonsense'], CHUNKED),
  'a Transfer-Encoding that does not end in chunked': (token) =>
    project(token, ['Transfer-Encoding: chunked, gzip'], CHUNKED),
  'a Transfer-Encoding in disguise': (token) => project(token, ['Transfer-Encoding : chunked'], CHUNKED),
  'a Transfer-Encoding with a control character': (token) =>
    project(token, ['Transfer-Encoding: \x0bchunked'], CHUNKED),
  'two Transfer-Encodings': (token) =>
    project(token, ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], CHUNKED),
  'a chunk whose size is no number': (token) =>
    project(token, ['Transfer-Encoding: chunked'], `zz\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk whose size is negative': (token) =>
    project(token, ['Transfer-Encoding: chunked'], `-1\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk whose size overflows': (token) =>
    project(token, ['Transfer-Encoding: chunked'], `${'f'.repeat(20)}\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk that is shorter than it says': (token) =>
    project(token, ['Transfer-Encoding: chunked'], `ffff\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk that is longer than it says': (token) =>
    project(token, ['Transfer-Encoding: chunked'], `5\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk extension without end': (token) =>
    project(token, ['Transfer-Encoding: chunked'], `5;${'x'.repeat(100_000)}\r\n${BODY}\r\n0\r\n\r\n`),
  'chunks without an end': (token) =>
    project(token, ['Transfer-Encoding: chunked'], `${BODY.length.toString(16)}\r\n${BODY}\r\n`),
  'chunks beyond the limit': (token) =>
    project(
      token,
      ['Transfer-Encoding: chunked'],
      `${`8000\r\n${'x'.repeat(0x8000)}\r\n`.repeat(40)}0\r\n\r\n`,
    ),
  'a body that is cut short': (token) => project(token, [`Content-Length: ${BODY.length + 100}`]),
  'no body at all': (token) => project(token, ['Content-Length: 100'], ''),
  'headers that are cut short': (token) =>
    Buffer.from(`POST /project/create HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}`),
  'a request line that is cut short': () => Buffer.from('POST /project/cre'),
  'nothing but line ends': () => Buffer.from('\r\n'.repeat(1000)),
  'nothing but NULs': () => Buffer.alloc(1000),
  'headers without end': (token) =>
    project(
      token,
      Array.from({ length: 3000 }, (_, index) => `X-${index}: ${index}`),
    ),
  'a header of 100 KB': (token) => project(token, [`X-Long: ${'x'.repeat(100_000)}`]),
  'a URL of 100 KB': () => Buffer.from(`GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
  'a method of 100 KB': () => Buffer.from(`${'X'.repeat(100_000)} / HTTP/1.1\r\nHost: x\r\n\r\n`),
  'no Host': (token) => Buffer.from(`GET /user/me HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n\r\n`),
  'a header without a colon': (token) => project(token, ['Nonsense']),
  'a header without a name': (token) => project(token, [': nonsense']),
  'a header with a space in its name': (token) => project(token, ['Non sense: 1']),
  'a header over two lines': (token) => project(token, ['X-Folded: 1', ' 2']),
  'a header with a NUL': (token) => project(token, ['X-Nul: a\0b']),
  'a header with a lone carriage return': (token) => project(token, ['X-Cr: a\rX-Injected: b']),
  'lines that end in a line feed alone': (token) =>
    Buffer.from(
      project(token, [`Content-Length: ${BODY.length}`])
        .toString('latin1')
        .replaceAll('\r\n', '\n'),
      'latin1',
    ),
  'an unknown method': () => Buffer.from('STEAL /user/fetch HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a method in lower case': () => Buffer.from('get /health HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a tunnel': () => Buffer.from('CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n'),
  'HTTP 0.9 with garbage': () => Buffer.from('GET /user/fetch\0\r\n\r\n'),
  'HTTP of the future': () => Buffer.from('GET /health HTTP/9.9\r\nHost: x\r\n\r\n'),
  'HTTP/2 in the clear': () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'),
  'a URL with a space': () => Buffer.from('GET /user fetch HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a URL with a NUL': () => Buffer.from('GET /health\0 HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a URL with raw UTF-8': () => Buffer.from('GET /hé HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a URL with a broken escape': () =>
    Buffer.from('GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
  TLS: () => Buffer.from('16030100c8010000c40303', 'hex'),
  SSH: () => Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'),
  'a request smuggled behind a refused one': (token) =>
    Buffer.concat([
      project('', ['Content-Length: -1'], ''),
      project(token, [`Content-Length: ${BODY.length}`]),
    ]),
  'a request smuggled behind a chunked one': (token) =>
    Buffer.concat([
      project('', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      project(token, [`Content-Length: ${BODY.length}`]),
    ]),
};

const BODY = JSON.stringify({ id: 'smuggled', name: 'Smuggled', api_path: '/smuggled' });
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

/** Would make a project if its headers were in order. */
function project(token: string, headers: readonly string[], body: string = BODY): Buffer {
  const head = [
    'POST /project/create HTTP/1.1',
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    ...headers,
    '',
    '',
  ];
  return Buffer.from(`${head.join('\r\n')}${body}`, 'latin1');
}
