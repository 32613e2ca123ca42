import { CofferError, type FieldError } from './error.ts';

const MESSAGE_CHARACTERS_MAX = 500;

/** The body of a success. Fails with `answer_invalid`. */
export function readAnswer(response: Response, text: string): object {
  const body = parseObject(text);
  if (body === undefined) throw answerInvalid(response);
  return body;
}

/** What the server says went wrong. Whatever it repeats of the token is left out. */
export function readProblem(response: Response, text: string, token: string | undefined): CofferError {
  const problem = parseObject(text) ?? {};
  const { code, message, request_id: requestId, errors } = problem;
  if (typeof code !== 'string' || !/^[a-z_]{1,64}$/.test(code)) return answerInvalid(response);
  const clean = (said: unknown): string => {
    const words = typeof said === 'string' ? said : '';
    return (token === undefined ? words : words.replaceAll(token, '[token]')).slice(
      0,
      MESSAGE_CHARACTERS_MAX,
    );
  };
  return new CofferError(code, clean(message) || code, {
    status: response.status,
    requestId: typeof requestId === 'string' ? clean(requestId) : undefined,
    retryAfterSeconds: retryAfterSeconds(response),
    errors: Array.isArray(errors)
      ? (errors as (Partial<FieldError> | null)[]).map((field) => ({
          path: clean(field?.path),
          message: clean(field?.message),
        }))
      : [],
  });
}

/** Without a word of what it was: that may be anything. */
export function answerInvalid(response?: Response): CofferError {
  const status = response?.status;
  return new CofferError(
    'answer_invalid',
    `What came back${status === undefined ? '' : ` (status ${status})`} is no answer of Coffer. Is the url right, and is there a proxy before it?`,
    response && { status, retryAfterSeconds: retryAfterSeconds(response) },
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9110, 10.2.3: seconds or a date. */
function retryAfterSeconds({ headers }: Response): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}
