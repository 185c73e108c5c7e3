/** What stands for something that must not be read. */
const hidden = '***';

/** Between `://` and the last `@` before a space or a quote: a password may hold any other character, unescaped too. */
const userInfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*@/gi;
/** The same without a scheme, as it is left out by mistake: `user:password@host`. */
const bareUserInfo = /(^|[\s"'=(]|\/\/)[^\s"'=(:@/]+:(?!\/\/)[^\s"'@]+@(?!sha256:)(?=[^\s"'])/g;
/** Everything behind the question mark of an address: tokens have many names. */
const query = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>?#]*)[?#][^\s"'<>]*/gi;
const bearer = /\b(Bearer|Basic)\s+[A-Za-z0-9\-._~+/]{8,}=*/gi;

/** What has no blank and no quote in it, which none of the first three goes beyond. */
const word = /[^\s"']+/g;

/**
 * Longer words are shown in part: the patterns try each place of a word with each, and whoever answers a request
 * decides how long one is.
 */
const longestWord = 500;
/** Longer texts are cut. */
const longestText = 32_768;

function redactedWord(text: string): string {
  if (text.length > longestWord)
    return text.includes('@') ? hidden : `${redactedWord(text.slice(0, longestWord))}${hidden}`;
  return text.replace(userInfo, `$1${hidden}@`).replace(bareUserInfo, `$1${hidden}@`).replace(query, `$1?${hidden}`);
}

/** Not within a word: a password would have lost the `@` by which it is known. */
function cut(text: string): string {
  if (text.length <= longestText) return text;
  let end = longestText;
  while (end > 0 && !/[\s"']/.test(text.charAt(end - 1))) end -= 1;
  return `${text.slice(0, end)}...`;
}

/**
 * A text in which addresses have neither user, password nor query, and no token stands behind `Bearer`: for what is
 * logged or printed.
 */
export function redacted(text: string): string {
  return cut(text).replace(word, redactedWord).replace(bearer, `$1 ${hidden}`);
}

/**
 * An error as a log has it: name, message and stack, and those of what caused it, redacted. Other members may hold
 * anything.
 */
export function redactedError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? redacted(error) : error;
  const { name, message, stack, cause } = error;
  const { code, reason } = error as { readonly code?: unknown; readonly reason?: unknown };
  return {
    type: name,
    message: redacted(message),
    stack: redacted(stack ?? ''),
    ...(['string', 'number'].includes(typeof code) && { code }),
    ...(typeof reason === 'string' && { reason }),
    ...(cause !== undefined && depth < 4 && { cause: redactedError(cause, depth + 1) }),
  };
}
