import * as v from 'valibot'
import { evaluate, PolicyDocument } from '../access/policy.ts'
import type { Clock } from '../clock.ts'
import type { LambdaFunction } from '../functions/functions.ts'

export const AuthorizerProperties = v.looseObject({
  ApiId: v.string(),
  AuthorizerType: v.string(),
  AuthorizerUri: v.string(),
  IdentitySource: v.optional(v.array(v.string()), []),
  EnableSimpleResponses: v.optional(v.boolean(), false),
  AuthorizerResultTtlInSeconds: v.optional(v.number(), 0),
})

const Simple = v.looseObject({ isAuthorized: v.boolean(), context: v.optional(v.record(v.string(), v.unknown()), {}) })
const WithPolicy = v.looseObject({
  principalId: v.optional(v.string()),
  policyDocument: PolicyDocument,
  context: v.optional(v.record(v.string(), v.unknown()), {}),
})

/** What an authorizer decided about one request; an authorized one carries the authorizer's context. */
export type Decision =
  | { outcome: 'authorized'; context: Record<string, unknown> }
  | { outcome: 'forbidden' }
  | { outcome: 'failed' }

interface Verdict {
  /** Called for every request: a cached policy may allow one route and deny another. */
  decide(routeArn: string): Decision
}

export interface Authorizer {
  identitySources: readonly string[]
  /** `identity` holds the values of the identity sources; it is the key of the cache. */
  authorize(identity: readonly string[], routeArn: string, event: unknown): Promise<Decision>
}

/** Cached results; the oldest is evicted first. A development machine has few callers. */
const cachedMax = 1000

/**
 * Creates a Lambda authorizer that answers with a simple response or an IAM policy. Results are cached by identity source
 * ("Control access to HTTP APIs with AWS Lambda authorizers").
 */
export function createAuthorizer(
  properties: v.InferOutput<typeof AuthorizerProperties>,
  target: LambdaFunction,
  clock: Clock,
): Authorizer {
  const ttlMs = properties.AuthorizerResultTtlInSeconds * 1000
  const cache = new Map<string, { verdict: Verdict; until: number }>()
  return {
    identitySources: properties.IdentitySource,
    async authorize(identity, routeArn, event) {
      const key = JSON.stringify(identity)
      const cached = cache.get(key)
      if (cached && cached.until > clock.elapsedMs()) return cached.verdict.decide(routeArn)
      const { payload, functionError } = await target.invoke(event)
      const verdict = functionError ? undefined : verdictOf(JSON.parse(payload), properties.EnableSimpleResponses)
      if (!verdict) return { outcome: 'failed' }
      if (ttlMs > 0 && identity.length > 0) {
        cache.delete(key)
        if (cache.size >= cachedMax) cache.delete(cache.keys().next().value ?? '')
        cache.set(key, { verdict, until: clock.elapsedMs() + ttlMs })
      }
      return verdict.decide(routeArn)
    },
  }
}

function verdictOf(answer: unknown, simple: boolean): Verdict | undefined {
  if (simple) {
    const parsed = v.safeParse(Simple, answer)
    if (!parsed.success) return undefined
    const { isAuthorized, context } = parsed.output
    return { decide: () => (isAuthorized ? { outcome: 'authorized', context } : { outcome: 'forbidden' }) }
  }
  const parsed = v.safeParse(WithPolicy, answer)
  if (!parsed.success) return undefined
  const { principalId, policyDocument, context } = parsed.output
  return {
    decide(routeArn) {
      const verdict = evaluate(policyDocument.Statement, { action: 'execute-api:Invoke', resource: routeArn }, {})
      if (verdict !== 'allowed') return { outcome: 'forbidden' }
      return { outcome: 'authorized', context: { ...context, ...(principalId === undefined ? {} : { principalId }) } }
    },
  }
}
