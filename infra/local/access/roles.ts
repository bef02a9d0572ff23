import { createHmac, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { codeOf, LocalCloudError } from '../errors.ts'
import { account } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import { PolicyDocument, type Statement, TrustPolicy, trustAllows } from './policy.ts'

/** Who makes a request: a function, a process that took a role, the person who deploys, or the runner itself. */
export interface Principal {
  kind: 'role' | 'operator' | 'runner'
  /** `arn:aws:sts::000000000000:assumed-role/ROLE/SESSION` */
  arn: string
  statements: readonly Statement[]
  tags: Readonly<Record<string, string>>
}

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
}

export interface Roles {
  /** Credentials of a role, by its logical id or ARN, or of 'operator' or 'runner', who may do everything. */
  credentials(role: string, session?: string, tags?: Record<string, string>): Credentials
  principal(accessKeyId: string): Principal | undefined
  /** The role itself, to ask what it may. */
  assumed(role: string, session: string, tags?: Readonly<Record<string, string>>): Principal
  /** Whether the role's trust policy lets this principal do it. */
  trusts(role: string, principal: Principal, action: string): boolean
}

const Policy = v.looseObject({ PolicyDocument })
const Role = v.looseObject({
  Policies: v.optional(v.array(Policy), []),
  AssumeRolePolicyDocument: v.optional(TrustPolicy, { Statement: [] }),
})
const AttachedPolicy = v.looseObject({ PolicyDocument, Roles: v.optional(v.array(v.string()), []) })

/** Sessions at once. A function's process has one for its life, so 10,000 is far beyond what a machine can run. */
const sessionsMax = 10_000

/**
 * The template's roles and the sessions made of them. An access key id is derived from a key kept in the data folder, so that
 * a process outside keeps its credentials over a restart of the runner.
 */
export function loadRoles(
  resources: StackResources,
  arnOf: (logicalId: string) => string | undefined,
  key: Buffer,
): Roles {
  const attached = resources.ofType('AWS::IAM::Policy', AttachedPolicy)
  const roles = new Map<string, { name: string; statements: Statement[]; trust: TrustPolicy }>()
  for (const { logicalId, properties } of resources.ofType('AWS::IAM::Role', Role)) {
    const arn = arnOf(logicalId) ?? logicalId
    const name = arn.slice(arn.lastIndexOf('/') + 1)
    const more = attached.filter((policy) => policy.properties.Roles.includes(name)).map((policy) => policy.properties)
    const statements = [...properties.Policies, ...more].flatMap(({ PolicyDocument: { Statement } }) => Statement)
    for (const id of [logicalId, arn]) roles.set(id, { name, statements, trust: properties.AssumeRolePolicyDocument })
  }
  const sessions = new Map<string, Principal>()

  function assumed(role: string, session: string, tags: Readonly<Record<string, string>> = {}): Principal {
    if (role === 'operator' || role === 'runner') {
      return { kind: role, arn: `arn:aws:iam::${account}:user/${role}`, statements: [], tags: {} }
    }
    const found = roles.get(role)
    if (!found) throw new LocalCloudError('role-unknown', `The template has no role ${role}.`)
    const arn = `arn:aws:sts::${account}:assumed-role/${found.name}/${session}`
    return { kind: 'role', arn, statements: found.statements, tags }
  }

  /** The session used longest ago makes room. */
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
  }
}

/** The key behind every access key of this data folder. */
export async function accessKey(dataFolder: string): Promise<Buffer> {
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
