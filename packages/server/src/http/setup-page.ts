import type { FastifyInstance } from 'fastify';

/** The page behind the one-time link. It is one form; the token stays in the fragment, which no server sees. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const FIELDS = [
  ['username', 'User name', 'text', 'username', 'letters, digits, dots, underscores, hyphens'],
  ['email', 'E-mail address', 'email', 'email', ''],
  ['first_name', 'First name', 'text', 'given-name', ''],
  ['last_name', 'Last name', 'text', 'family-name', 'may stay empty'],
  ['password', 'Password', 'password', 'new-password', 'at least 12 characters, and not a common one'],
] as const;

const INPUTS = FIELDS.map(
  ([name, label, type, autocomplete, hint]) => `
        <p>
          <label for="${name}">${label}</label>
          <input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" aria-describedby="${name}-hint" />
          <small id="${name}-hint">${hint}</small>
        </p>`,
).join('');

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Set up Coffer</title>
    <link rel="stylesheet" href="/web/setup.css" />
    <script type="module" src="/web/setup.js"></script>
  </head>
  <body>
    <main>
      <h1>Set up Coffer</h1>
      <p id="lead">Create the first account. It gets the role ROOT: it manages users and sees every project.</p>
      <form id="form" novalidate>${INPUTS}
        <button type="submit">Create account</button>
        <output id="outcome" role="status"></output>
      </form>
    </main>
  </body>
</html>
`;

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 3rem 1rem; }
main { max-width: 26rem; margin: auto; }
h1 { font-size: 1.5rem; margin: 0 0 0.5rem; }
label { display: block; font-weight: 600; }
input { box-sizing: border-box; width: 100%; font: inherit; padding: 0.5rem; border: 1px solid GrayText; border-radius: 6px; }
input[aria-invalid='true'] { border-color: #c62828; }
small { display: block; min-height: 1.5em; color: GrayText; }
input[aria-invalid='true'] + small, output.failed { color: light-dark(#c62828, #ef9a9a); }
button { font: inherit; font-weight: 600; padding: 0.6rem 1rem; border: 0; border-radius: 6px; color: #fff; background: #0b6e4f; cursor: pointer; }
button:disabled { opacity: 0.6; cursor: progress; }
output { display: block; margin-top: 1rem; }
:focus-visible { outline: 3px solid #0b6e4f; outline-offset: 2px; }
`;

const SCRIPT = `const form = document.getElementById('form');
const outcome = document.getElementById('outcome');
const button = form.querySelector('button');
const hints = new Map([...form.querySelectorAll('small')].map((hint) => [hint, hint.textContent]));
const token = new URLSearchParams(location.hash.slice(1)).get('setup_token') ?? '';
history.replaceState(null, '', location.pathname);
if (token === '') fail('This page needs the whole link that the server printed. Open that link again.');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  clear();
  try {
    const fields = Object.fromEntries(new FormData(form));
    const response = await fetch('/setup', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ setup_token: token, ...fields }),
    });
    const answer = await response.json();
    if (response.ok) succeed(answer.user);
    else refuse(answer);
  } catch {
    fail('The server did not answer. Is it still running?');
  } finally {
    button.disabled = false;
  }
});

function refuse({ message, errors = [] }) {
  fail(errors.length === 0 ? message : 'Please correct the fields that are marked.');
  for (const { path, message: rule } of errors.toReversed()) {
    const input = form.elements.namedItem(path);
    if (input === null) { fail(path + ' ' + rule); continue; }
    input.setAttribute('aria-invalid', 'true');
    input.nextElementSibling.textContent = rule;
    input.focus();
  }
}

function clear() {
  outcome.textContent = '';
  outcome.className = '';
  for (const [hint, text] of hints) {
    hint.textContent = text;
    hint.previousElementSibling.removeAttribute('aria-invalid');
  }
}

function fail(text) {
  outcome.className = 'failed';
  outcome.textContent = text;
}

function succeed({ username }) {
  document.querySelector('h1').textContent = 'Coffer is set up';
  document.getElementById('lead').textContent =
    'The account ' + username + ' is ready, and this link no longer works. Sign in through the API with POST /user/login.';
  const link = document.createElement('a');
  link.href = '/scalar';
  link.textContent = 'Browse the API';
  form.replaceWith(link);
  link.focus();
}
`;

export function registerSetupPage(app: FastifyInstance): void {
  const files = [
    ['/web/setup', 'text/html; charset=utf-8', PAGE],
    ['/web/setup.css', 'text/css; charset=utf-8', STYLE],
    ['/web/setup.js', 'text/javascript; charset=utf-8', SCRIPT],
  ] as const;
  for (const [path, type, text] of files) {
    app.get(
      path,
      async (_request, reply) =>
        await reply.headers({ 'content-type': type, 'content-security-policy': POLICY }).send(text),
    );
  }
}
