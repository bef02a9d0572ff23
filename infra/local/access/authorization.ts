import type { IncomingHttpHeaders } from 'node:http'
import { evaluate, type Permission } from './policy.ts'
import type { Principal } from './roles.ts'

/** Returns the access key id of a request that is signed with Signature Version 4, in its header or its query string. */
export function accessKeyIdOf(headers: IncomingHttpHeaders, url: string): string | undefined {
  const header = /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')
  if (header) return header[1]
  return /[?&]X-Amz-Credential=([^%/&]+)/i.exec(url)?.[1]
}

/** Returns AWS's sentence about the first permission that `principal` lacks, or undefined if it has them all. */
export function denialOf(principal: Principal, permissions: readonly Permission[]): string | undefined {
  if (principal.kind !== 'role') return undefined
  for (const wanted of permissions) {
    const verdict = evaluate(principal.statements, wanted, principal.tags)
    principal.onDecision?.({ permission: wanted, isAllowed: verdict === 'allowed' })
    if (verdict === 'allowed') continue
    const because =
      verdict === 'explicitly denied'
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${wanted.action} action`
    return `User: ${principal.arn} is not authorized to perform: ${wanted.action} on resource: ${wanted.resource} ${because}`
  }
  return undefined
}
