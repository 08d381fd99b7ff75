/** An answer other than success, in the shape of OpenAI's API. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  /** After how long the client may ask again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    message: string,
    {
      code = null,
      param = null,
      retryAfterSeconds,
    }: { code?: string | null; param?: string | null; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
    this.code = code;
    this.param = param;
  }

  toJSON() {
    const { message, param, code } = this;
    const type = this.status < 500 ? 'invalid_request_error' : 'server_error';
    return { error: { message, type, param, code } };
  }
}

export const badRequest = (message: string, param: string, code?: string): ApiError =>
  new ApiError(400, message, { param, code });

export const notFound = (what: string, id: string): ApiError =>
  new ApiError(404, `No such ${what}: '${id}'.`, { param: 'id', code: 'not_found' });
