import * as v from 'valibot'

export const oneOrMany = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => (Array.isArray(value) ? value : [value])),
)
const tagPrefix = 'aws:PrincipalTag/'
const onTags = v.optional(
  v.record(
    v.pipe(v.string(), v.startsWith(tagPrefix, 'is a condition key that the local cloud does not support')),
    oneOrMany,
  ),
)
const onKeys = v.optional(v.strictObject({ 'dynamodb:LeadingKeys': oneOrMany }))
/** The supported condition operators and keys. A template with others is rejected, since ignoring one would allow too much. */
const Condition = v.strictObject({
  StringEquals: onTags,
  StringLike: onTags,
  StringNotEquals: onTags,
  StringNotLike: onTags,
  'ForAllValues:StringEquals': onKeys,
  'ForAllValues:StringLike': onKeys,
})
export const Statement = v.strictObject({
  Sid: v.optional(v.string()),
  Effect: v.picklist(['Allow', 'Deny']),
  Action: v.optional(oneOrMany),
  NotAction: v.optional(oneOrMany),
  Resource: v.optional(oneOrMany),
  NotResource: v.optional(oneOrMany),
  Condition: v.optional(Condition, {}),
})
export type Statement = v.InferOutput<typeof Statement>
export const PolicyDocument = v.looseObject({
  Statement: v.pipe(
    v.union([Statement, v.array(Statement)]),
    v.transform((value) => (Array.isArray(value) ? value : [value])),
  ),
})

/** A permission that a request needs; a batch on two tables needs two. */
export interface Permission {
  /** `dynamodb:PutItem` */
  action: string
  /** ARN, or `*` for an action without a resource. */
  resource: string
  /** Partition keys that the request names. */
  leadingKeys?: readonly string[] | undefined
}

export type Verdict = 'allowed' | 'explicitly denied' | 'not allowed'

/**
 * Evaluates identity-based policies ("Policy evaluation logic" of the IAM guide): an explicit deny wins; otherwise one statement
 * must allow the action. `tags` are the caller's session tags, for `${aws:PrincipalTag/name}`.
 */
export function evaluate(
  statements: readonly Statement[],
  wanted: Permission,
  tags: Readonly<Record<string, string>>,
): Verdict {
  const applying = statements.filter((statement) => applies(statement, wanted, tags))
  if (applying.some(({ Effect }) => Effect === 'Deny')) return 'explicitly denied'
  return applying.length > 0 ? 'allowed' : 'not allowed'
}

function applies(statement: Statement, wanted: Permission, tags: Readonly<Record<string, string>>): boolean {
  const { Action, NotAction, Resource, NotResource } = statement
  const action = wanted.action.toLowerCase()
  const actionMatches = (patterns: readonly string[]) =>
    patterns.some((pattern) => matches(pattern.toLowerCase(), action))
  const resourceMatches = (patterns: readonly string[]) =>
    patterns.some((pattern) => {
      const filled = fill(pattern, tags)
      return filled !== undefined && matches(filled, wanted.resource)
    })
  if (Action ? !actionMatches(Action) : !NotAction || actionMatches(NotAction)) return false
  if (Resource ? !resourceMatches(Resource) : !NotResource || resourceMatches(NotResource)) return false
  return Object.entries(statement.Condition).every(([operator, keys]) =>
    Object.entries(keys ?? {}).every(([key, patterns]) =>
      key.startsWith(tagPrefix)
        ? holds(operator, tags[key.slice(tagPrefix.length)], patterns)
        : // In IAM, `ForAllValues` is true for a request that has no value of the key.
          (wanted.leadingKeys ?? []).every((value) => holds(operator, value, patterns)),
    ),
  )
}

/** An absent key satisfies only the negated operators ("IAM JSON policy elements: Condition operators"). */
function holds(operator: string, value: string | undefined, patterns: readonly string[]): boolean {
  const negated = operator.includes('Not')
  if (value === undefined) return negated
  const found = patterns.some((pattern) => (operator.endsWith('Like') ? matches(pattern, value) : pattern === value))
  return found !== negated
}

/** Replaces policy variables by session tags. Returns undefined if a tag is missing: in IAM the statement then matches nothing. */
function fill(pattern: string, tags: Readonly<Record<string, string>>): string | undefined {
  let unknown = false
  const filled = pattern.replace(/\$\{aws:PrincipalTag\/([^}]+)\}/g, (_whole, name: string) => {
    unknown ||= tags[name] === undefined
    return tags[name] ?? ''
  })
  return unknown ? undefined : filled
}

/** Whether `text` matches a pattern in which `*` stands for any characters and `?` for one. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

const TrustStatement = v.looseObject({
  Effect: v.literal('Allow'),
  Action: oneOrMany,
  Principal: v.looseObject({ AWS: v.optional(oneOrMany, []) }),
})
export const TrustPolicy = v.looseObject({ Statement: v.union([v.unknown(), v.array(v.unknown())]) })
export type TrustPolicy = v.InferOutput<typeof TrustPolicy>

/**
 * Whether a role's trust policy allows `action` to a session, given by its ARN
 * (`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`). The policy names the role of the session; principals that it names in
 * another way are not trusted.
 */
export function trustAllows(policy: TrustPolicy, sessionArn: string, action: string): boolean {
  const [, accountId, name] = /^arn:aws:sts::(\d+):assumed-role\/([^/]+)\//.exec(sessionArn) ?? []
  return [policy.Statement].flat().some((statement) => {
    const parsed = v.safeParse(TrustStatement, statement)
    if (!parsed.success) return false
    const { Action, Principal } = parsed.output
    return (
      Action.some((pattern) => matches(pattern, action)) &&
      Principal.AWS.includes(`arn:aws:iam::${accountId}:role/${name}`)
    )
  })
}
