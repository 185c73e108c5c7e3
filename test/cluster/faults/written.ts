/** A write that somebody has sent to the API server, and what is known of it. */
export interface Written {
  readonly method: string;
  /** The path of the object, without a query: for a create with the name that stands in the body. */
  readonly target: string;
  /** By the clock of this process. */
  readonly sentAt: number;
  /** Undefined as long as there is no answer: then nobody knows what came of it. */
  answer?: { readonly status: number; readonly revision?: number };
}

/** What a request writes; undefined if it writes nothing, or only asks what would be. */
export function writtenBy(method: string, url: string, body: string, sentAt: number): Written | undefined {
  const { pathname, searchParams } = new URL(url, 'http://loopback');
  if (method === 'GET' || searchParams.has('dryRun')) return undefined;
  const isCreate = method === 'POST' && !pathname.endsWith('/eviction');
  return { method, target: isCreate ? `${pathname}/${nameIn(body)}` : pathname, sentAt };
}

/** Whether the write may have made a commit about an object, which the API server has named so. */
export function mayHaveMade(written: Written, commit: CommitFacts): boolean {
  if (written.sentAt > commit.at || !isAbout(written.target, commit)) return false;
  const { answer } = written;
  // A server that fails may have written all the same.
  if (answer === undefined || answer.status >= 500) return true;
  if (answer.status >= 300) return false;
  return commit.isDelete ? written.method === 'DELETE' : answer.revision === commit.revision;
}

/** What is known of a commit beside its object. */
export interface CommitFacts {
  readonly at: number;
  readonly revision: number;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly isDelete: boolean;
}

function isAbout(target: string, { plural, namespace, name }: CommitFacts): boolean {
  const path = `${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}/${name}`;
  return target.replace(/\/(status|eviction)$/, '').endsWith(path);
}

/** The resource version in an answer, which is the revision of the commit. */
export function revisionIn(body: string): number | undefined {
  const version = parsed(body).metadata?.resourceVersion;
  return version === undefined ? undefined : Number(version);
}

function nameIn(body: string): string {
  return parsed(body).metadata?.name ?? '';
}

function parsed(body: string): {
  readonly metadata?: { readonly name?: string; readonly resourceVersion?: string };
} {
  try {
    return JSON.parse(body) as object;
  } catch {
    return {};
  }
}
