import { AppError, ERRORS, type ErrorCode } from '@coffer/core';
import type { FastifyReply } from 'fastify';
import { CALL_PREFIX, ROUTE_ERROR_HEADER } from './headers.ts';

/** What the framework calls its own refusals, and which of ours they are. */
const FRAMEWORK_ERRORS: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_CTP_EMPTY_TYPE: 'unsupported_media_type',
  // Of the method QUERY, which it refuses before it looks whether there is such an endpoint.
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'unsupported_media_type',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_ASYNC_CONSTRAINT: 'malformed_request',
  ECONNRESET: 'malformed_request',
};

export const BODY_BYTES_MAX = 512 * 1024;

/** Our error for whatever was thrown. What nobody expected becomes `internal`, with the cause for the log. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = FRAMEWORK_ERRORS[(error as { code?: string }).code ?? ''];
  if (code === undefined) return new AppError('internal', {}, { cause: error });
  return new AppError(code, {}, { cause: error });
}

/** RFC 9457, with our `code`, `message`, `request_id` and `errors`. */
export function problemBody(error: AppError, requestId: string): Record<string, unknown> {
  const { title, status } = ERRORS[error.code];
  return {
    type: `urn:coffer:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    message: error.message,
    request_id: requestId,
    ...(error.fields.length === 0 ? {} : { errors: error.fields }),
  };
}

export function sendProblem(reply: FastifyReply, error: AppError): FastifyReply {
  if (error.status === 401) reply.header('www-authenticate', 'Bearer');
  if (reply.request.url.startsWith(`${CALL_PREFIX}/`)) reply.header(ROUTE_ERROR_HEADER, error.code);
  const wait = error.detail['retry_after_seconds'];
  if (wait !== undefined) reply.header('retry-after', String(wait));
  else if (error.status === 503) reply.header('retry-after', '1');
  return reply
    .code(error.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problemBody(error, reply.request.id)));
}
