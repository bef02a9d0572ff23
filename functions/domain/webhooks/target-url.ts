import { isIP } from 'node:net'
import { SwitchhookError } from '../../../contracts/errors.ts'
import { isLoopback, isPublicAddress } from './address.ts'

/** The address of a receiver that must not be called. */
export class TargetRefusedError extends SwitchhookError {
  readonly errorId = 'webhook-target-refused'
}

/** Which addresses a deployment may call. */
export interface TargetRules {
  /** Names of the deployment itself: a webhook to them would call the deployment in a loop. */
  ownHosts: readonly string[]
  /** True on a developer's machine alone: allows http and loopback addresses. */
  allowsLocal: boolean
}

export const targetCharsMax = 2_048
/** The usual ports of https; other ports reach other services. */
const ports: ReadonlySet<string> = new Set(['', '443', '8443'])
/** Top-level names that no public DNS answers (RFC 6761, RFC 6762, RFC 8375, RFC 7686), and those of company networks. */
const privateSuffix =
  /(^|\.)(localhost|localdomain|local|lan|internal|intranet|corp|home|private|svc|arpa|onion|invalid|test|example)$/
/** A public name that answers loopback, in wide use on developers' machines. */
const loopbackNames = /(^|\.)(localtest\.me|lvh\.me|vcap\.me)$/
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it searches for
const unsafe = /[\s\u0000-\u001f\u007f]/

/**
 * Returns the parsed address of a receiver. It checks the text alone; each connection checks the resolved addresses again.
 * @throws TargetRefusedError with a sentence that says what to change
 */
export function parseTarget(text: string, { ownHosts, allowsLocal }: TargetRules): URL {
  if (text.length > targetCharsMax) refuse(`Too long: at most ${targetCharsMax} characters.`)
  if (unsafe.test(text)) refuse('Has a space or a control character: percent-encode it.')
  const scheme = /^(https?):\/\/([^/\\?#]*)/i.exec(text)
  if (!scheme) refuse('Not an https address. Example: https://example.com/hook.')
  const [, protocol = '', authority = ''] = scheme
  if (protocol.toLowerCase() === 'http' && !allowsLocal) refuse('Not https: events are sent encrypted only.')
  if (authority === '') refuse('Has no host. Example: https://example.com/hook.')
  if (authority.includes('@')) refuse('Has a user name: send credentials in `headers`.')
  if (text.includes('#')) refuse('Has a fragment (#...), which HTTP does not send: put it into the query.')
  if (!URL.canParse(text)) refuse('Not an address: the host or the port is malformed.')
  const url = new URL(text)
  if (!ports.has(url.port) && !allowsLocal) refuse(`Port ${url.port} is not allowed: use 443 or 8443.`)
  checkHost(hostOf(url), ownHosts, allowsLocal)
  return url
}

/** Returns the host of a URL without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

function checkHost(host: string, ownHosts: readonly string[], allowsLocal: boolean): void {
  if (isIP(host) !== 0) {
    if (!isPublicAddress(host) && !(allowsLocal && isLoopback(host)))
      refuse('The address is not on the public internet.')
    return
  }
  const name = host.replace(/\.$/, '')
  if (ownHosts.includes(name)) refuse('The host is this deployment itself.')
  if (allowsLocal && name === 'localhost') return
  if (privateSuffix.test(name) || loopbackNames.test(name))
    refuse(`The name ${name} is not one of the public internet.`)
  const labels = name.split('.')
  if (labels.length < 2) refuse(`The name ${name} has no domain. Example: hooks.example.com.`)
  if (!labels.every((one) => label.test(one)) || name.length > 253) refuse('The host is not a valid domain name.')
  if (/^\d+$/.test(labels.at(-1) ?? '')) refuse('The host is not a valid domain name.')
}

function refuse(why: string): never {
  throw new TargetRefusedError(why)
}
