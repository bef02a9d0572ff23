import { createHmac, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { codeOf, LocalCloudError } from '../errors.ts'
import { account } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import { type Permission, PolicyDocument, type Statement, TrustPolicy, trustAllows } from './policy.ts'

/** The caller of a request: a session of a role, the person who deploys (`operator`), or the local cloud itself (`runner`). */
export interface Principal {
  kind: 'role' | 'operator' | 'runner'
  /** `arn:aws:sts::000000000000:assumed-role/ROLE/SESSION` */
  arn: string
  statements: readonly Statement[]
  tags: Readonly<Record<string, string>>
  /** Told of each permission that a request of a role needed, and whether its policies allow it. */
  onDecision?: (decision: { permission: Permission; isAllowed: boolean }) => void
}

/** A permission that a request needed, and whether the policies of the caller's role allow it. */
export interface Decision {
  /** Logical id of the role. */
  role: string
  /** Name of the function that made the request, of a bridge's session, or `local` for credentials that `credentials()` returned. */
  session: string
  permission: Permission
  isAllowed: boolean
}

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
}

export interface Roles {
  /** Returns credentials of a role, given by its logical id or ARN, or of 'operator' or 'runner', which may do everything. */
  credentials(role: string, session?: string, tags?: Record<string, string>): Credentials
  principal(accessKeyId: string): Principal | undefined
  /** Returns a session of a role without credentials, to check its permissions. */
  assumed(role: string, session: string, tags?: Readonly<Record<string, string>>): Principal
  /** Whether the role's trust policy allows the action to this principal. */
  trusts(role: string, principal: Principal, action: string): boolean
  /** Statements of the policies of each role, by its logical id. */
  statements: ReadonlyMap<string, readonly Statement[]>
}

const Policy = v.looseObject({ PolicyDocument })
const Role = v.looseObject({
  Policies: v.optional(v.array(Policy), []),
  AssumeRolePolicyDocument: v.optional(TrustPolicy, { Statement: [] }),
})
const AttachedPolicy = v.looseObject({ PolicyDocument, Roles: v.optional(v.array(v.string()), []) })

/** Limit on sessions. A function has one, so a machine cannot run as many functions as 10,000. */
const sessionsMax = 10_000

/**
 * Loads the template's roles. Access key ids are derived from a key in the data folder, so that the credentials of another process
 * stay valid when the local cloud restarts.
 */
export function loadRoles(
  resources: StackResources,
  arnOf: (logicalId: string) => string | undefined,
  key: Buffer,
  onDecision: (decision: Decision) => void = () => undefined,
): Roles {
  const attached = resources.ofType('AWS::IAM::Policy', AttachedPolicy)
  const roles = new Map<string, { id: string; name: string; statements: Statement[]; trust: TrustPolicy }>()
  for (const { logicalId, properties } of resources.ofType('AWS::IAM::Role', Role)) {
    const arn = arnOf(logicalId) ?? logicalId
    const name = arn.slice(arn.lastIndexOf('/') + 1)
    const attachedHere = attached
      .filter((policy) => policy.properties.Roles.includes(name))
      .map((policy) => policy.properties)
    const statements = [...properties.Policies, ...attachedHere].flatMap(
      ({ PolicyDocument: { Statement } }) => Statement,
    )
    for (const id of [logicalId, arn])
      roles.set(id, { id: logicalId, name, statements, trust: properties.AssumeRolePolicyDocument })
  }
  const sessions = new Map<string, Principal>()

  function assumed(role: string, session: string, tags: Readonly<Record<string, string>> = {}): Principal {
    if (role === 'operator' || role === 'runner') {
      return { kind: role, arn: `arn:aws:iam::${account}:user/${role}`, statements: [], tags: {} }
    }
    const found = roles.get(role)
    if (!found) throw new LocalCloudError('role-unknown', `The template has no role ${role}.`)
    const arn = `arn:aws:sts::${account}:assumed-role/${found.name}/${session}`
    return {
      kind: 'role',
      arn,
      statements: found.statements,
      tags,
      onDecision: (decision) => onDecision({ role: found.id, session, ...decision }),
    }
  }

  /** Evicts the session that was used least recently if there are too many. */
  function remember(accessKeyId: string, principal: Principal): void {
    sessions.delete(accessKeyId)
    if (sessions.size >= sessionsMax) sessions.delete(sessions.keys().next().value ?? '')
    sessions.set(accessKeyId, principal)
  }

  return {
    credentials(role, session = 'local', tags = {}) {
      const principal = assumed(role, session, tags)
      const seed = JSON.stringify([principal.arn, Object.entries(tags).sort()])
      const digest = createHmac('sha256', key).update(seed).digest('hex')
      const accessKeyId = `ASIA${digest.slice(0, 16).toUpperCase()}`
      remember(accessKeyId, principal)
      return { accessKeyId, secretAccessKey: digest.slice(16, 56), sessionToken: `local-${digest.slice(56)}` }
    },
    principal(accessKeyId) {
      const found = sessions.get(accessKeyId)
      if (found) remember(accessKeyId, found)
      return found
    },
    assumed,
    trusts: (role, principal, action) =>
      principal.kind !== 'role' || trustAllows(roles.get(role)?.trust ?? { Statement: [] }, principal.arn, action),
    statements: new Map([...roles.values()].map(({ id, statements }) => [id, statements])),
  }
}

/** Returns the key from which the access keys of this data folder are derived; creates it at the first start. */
export async function loadAccessKey(dataFolder: string): Promise<Buffer> {
  const path = join(dataFolder, 'access.key')
  try {
    return await readFile(path)
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause
    const key = randomBytes(32)
    await writeFile(path, key, { mode: 0o600 })
    return key
  }
}
