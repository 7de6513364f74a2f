// The one place that speaks HTTP: calls typed by the API's own description, so that a wrong path or field does not compile.

import type { paths } from './schema';
import type { FieldProblem, ProblemDetails } from './types';

const BASE = '/api/v1';

/** Values that are undefined or empty are left out of the address. */
export type Query = Record<string, string | number | boolean | null | undefined>;

type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The paths that take a method. */
export type PathOf<V extends Verb> = {
  [P in keyof paths]: paths[P][V] extends { responses: unknown } ? P : never;
}[keyof paths];

type Operation<V extends Verb, P extends PathOf<V>> = paths[P][V];

type Content<R> = R extends { content: infer C }
  ? C extends { 'application/json': infer J } ? J : C extends { 'application/geo+json': infer G } ? G : never
  : void;

/** What a call answers. */
export type Answer<V extends Verb, P extends PathOf<V>> = Operation<V, P> extends { responses: infer R }
  ? Content<R[keyof R & (200 | 201 | 202 | 204 | 207)]>
  : never;

type Body<O> = O extends { requestBody: { content: infer C } }
  ? C extends { 'application/json': infer J } ? { body: J } : { file: Blob }
  : { body?: never };

type InPath<O> = O extends { parameters: { path: infer X } } ? { path: X } : { path?: never };

/** The names are checked; the values of a page's filters come from its address, as texts. */
type InQuery<O> = O extends { parameters: { query?: infer X } } ? { [K in keyof NonNullable<X>]?: Query[string] } : never;

type Seen<O> = O extends { parameters: { header: { 'If-Match': string } } } ? { version: number } : { version?: never };

type Call<O> = Body<O> & InPath<O> & Seen<O> & { query?: InQuery<O>; signal?: AbortSignal | undefined };

/** A refusal by the server, or a connection that failed (`status` 0, code `offline`). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly zh: string | undefined;
  readonly en: string | undefined;
  /** With status 412, the subject as it is now. */
  readonly current: unknown;
  /** Each field that is wrong. */
  readonly problems: FieldProblem[];

  constructor(status: number, details: Partial<ProblemDetails>) {
    super(details.detail ?? details.title ?? `HTTP ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = details.code ?? (status === 404 ? 'not_found' : status === 403 ? 'forbidden' : 'unknown');
    this.zh = details.detail;
    this.en = details.detail_en ?? details.detail;
    this.current = details.current;
    this.problems = details.problems ?? [];
  }
}

/** The address of a call, for links that download a file and for map tiles. */
export function address(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(key, String(value));
  }
  const text = parameters.toString();
  return text === '' ? `${BASE}${path}` : `${BASE}${path}?${text}`;
}

interface Options {
  path?: Record<string, string | number> | undefined;
  query?: Query | undefined;
  body?: unknown;
  file?: Blob | undefined;
  version?: number | undefined;
  signal?: AbortSignal | undefined;
}

type Caller = <V extends Verb, P extends PathOf<V>>(
  verb: V,
  path: P,
  ...options: Partial<Call<Operation<V, P>>> extends Call<Operation<V, P>> ? [Call<Operation<V, P>>?] : [Call<Operation<V, P>>]
) => Promise<Answer<V, P>>;

/** Calls an operation by its method and the path of the description; `version` goes out as `If-Match`. */
export const call = send as Caller;

async function send(verb: Verb, path: string, options: Options = {}): Promise<unknown> {
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(options.path?.[name] ?? '')));
  const headers: Record<string, string> = { accept: 'application/json' };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.file?.type) headers['content-type'] = options.file.type;
  if (options.version !== undefined) headers['if-match'] = `"${options.version}"`;
  let response: Response;
  try {
    response = await fetch(address(place, options.query), {
      method: verb.toUpperCase(),
      headers,
      credentials: 'same-origin',
      body: options.file ?? (options.body === undefined ? null : JSON.stringify(options.body)),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, { code: 'offline' });
  }
  if (!response.ok) throw new Problem(response.status, await problemDetails(response));
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as unknown;
}

/** A file that a GET answers with. */
export async function stored(path: string): Promise<Blob> {
  const response = await fetch(address(path), { credentials: 'same-origin' }).catch(() => {
    throw new Problem(0, { code: 'offline' });
  });
  if (!response.ok) throw new Problem(response.status, await problemDetails(response));
  return response.blob();
}

/** Has the browser save a file that a POST answers with, under the name it comes with. */
export async function save(path: string, body: unknown): Promise<void> {
  const response = await posted(path, {}, body);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'export';
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A file that a POST answers with. */
export async function download(path: string, query: Query, body: unknown): Promise<Blob> {
  return (await posted(path, query, body)).blob();
}

async function posted(path: string, query: Query, body: unknown): Promise<Response> {
  const response = await fetch(address(path, query), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'same-origin',
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Problem(0, { code: 'offline' });
  });
  if (!response.ok) throw new Problem(response.status, await problemDetails(response));
  return response;
}

async function problemDetails(response: Response): Promise<Partial<ProblemDetails>> {
  try {
    return (await response.json()) as ProblemDetails;
  } catch {
    // A proxy in between may answer in HTML; the status then says all there is.
    return {};
  }
}
