import type { RouteDefinition, RouteError } from './route.ts'

type Errors = Readonly<Record<string, RouteError>>
const error = (status: number, when: string): RouteError => ({ status, when })

/** Errors that several routes declare. */
export const bridgeOffline = {
  'bridge-offline': error(503, 'The bridge of the site is not connected; Retry-After says when to try again.'),
  'pbx-unreachable': error(503, 'The bridge does not reach its PBX; Retry-After says when to try again.'),
}
export const cursorInvalid = { 'cursor-invalid': error(400, 'The cursor is not one that this list answered.') }
export const dialDenied = {
  'prefix-unconfirmed': error(409, 'The number is outside, and nobody has set the outsidePrefix of the site.'),
  'dial-emergency': error(403, "The number is an emergency number of the site's country."),
  'dial-premium': error(403, 'The number is a premium-rate number.'),
  'dial-short': error(
    403,
    "The number is a short number of the site's country, such as a helpline or a carrier's service.",
  ),
  'dial-service': error(403, 'The number is a service of the dial plan: `services` in the settings of the site.'),
  'dial-satellite': error(403, 'The number belongs to a satellite or global network.'),
  'dial-internal': error(403, 'The rules of the site or key deny internal numbers.'),
  'dial-national': error(403, 'The rules of the site or key deny national numbers.'),
  'dial-mobile': error(403, 'The rules of the site or key deny mobile numbers.'),
  'dial-international': error(403, 'The rules of the site or key deny numbers of this country.'),
}
export const numberUnknown = {
  'extension-unknown': error(404, 'The number is as short as an extension, and the site has no such extension.'),
}
/** Errors of routes by which a key gives rights. */
export const rightNotHeld = {
  'right-not-held': error(
    403,
    'The calling key has a narrower limit itself, has caps that the other key does not share, or was or may have been made by the frozen key.',
  ),
  'key-frozen': error(403, 'The calling key reached a cap and is frozen, so it manages no keys.'),
}
export const scopeNotHeld = {
  'scope-not-held': { status: 403, when: 'The calling key lacks a scope itself, so it cannot give it.' },
}

/** Errors of a request that fits no route. */
export const unroutedErrors = {
  'route-unknown': error(404, 'The API has no such path.'),
  'method-unknown': error(405, 'The path does not take this method; Allow lists those that it takes.'),
}

const keyInvalid = {
  'key-invalid': error(401, 'The API key is malformed, unknown, expired or revoked.'),
  'key-rate-exceeded': error(429, 'The key has used up its requests of this window; see Retry-After.'),
}

/**
 * Returns every error that the route can answer: its own, those that follow from its rules, and `internal`. API Gateway itself
 * answers 401 without an `errorId` to a request that has no Authorization header.
 */
export function errorsOf(name: string, definition: RouteDefinition): Errors {
  const { needs, orAdmin, personal, reads, body, answers, errors } = definition
  const isOfSite = needs !== 'anyone' && needs !== 'admin'
  return {
    ...(needs !== 'anyone' && keyInvalid),
    ...(needs === 'admin' && { 'admin-only': error(403, 'Only the admin key of the deployment may call this route.') }),
    ...(isOfSite && {
      'scope-missing': error(403, 'The key lacks the scope of the route, or the one that a parameter needs.'),
      'site-unknown': error(404, 'The deployment has no such site, or the key belongs to another one.'),
      'site-rate-exceeded': error(
        429,
        'The keys of the site have used up its requests of this window; see Retry-After.',
      ),
    }),
    ...(isOfSite && !orAdmin && { 'site-key-only': error(403, 'The admin key may not call this route.') }),
    'input-invalid': error(400, 'A field or parameter is wrong or unknown; `errors` names each one.'),
    ...(304 in answers && {
      'precondition-failed': error(412, 'If-Match names no ETag of the answer.'),
    }),
    ...(body && { 'json-malformed': error(400, 'The body is not JSON.') }),
    ...(((name.startsWith('GET ') && personal) || reads) && {
      'audit-unavailable': error(503, 'The audit entry of this read cannot be written, so nothing is shown.'),
    }),
    internal: error(500, 'The server failed; send the request again.'),
    ...errors,
  }
}

/** What API Gateway answers itself, before a function runs: `{ "message": ... }` without an `errorId`, since it allows nothing else. */
export function gatewayErrorsOf({ needs, body }: RouteDefinition): Readonly<Record<number, string>> {
  return {
    ...(needs !== 'anyone' && { 401: 'The request has no Authorization header.' }),
    ...(body && { 413: 'The body is over 10 MB, or over 6 MB once its quotes and line breaks are escaped as JSON.' }),
    429: "The account's limit of requests is reached; send the request again.",
    431: 'The request line and the headers are together over 10,240 bytes.',
    500: 'The function failed to start; send the request again.',
    503: 'No function was free, or it took over 30 s; send the request again.',
  }
}
