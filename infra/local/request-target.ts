/** The request target of an HTTP request (RFC 9112, 3.2), without decoding. */
export interface RequestTarget {
  /** Begins with a slash. */
  pathname: string
  /** Without the question mark. */
  query: string
}

/**
 * Splits a request target. `new URL(target, base)` must not read it: `//` throws, and `//host/path` loses its first segment. Of an
 * absolute form, scheme and host are dropped; what is neither a path nor an absolute form, such as `*`, is the path `/`.
 */
export function requestTarget(target = '/'): RequestTarget {
  const [, path = '', query = ''] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i.exec(target) ?? []
  return { pathname: path.startsWith('/') ? path : '/', query }
}
