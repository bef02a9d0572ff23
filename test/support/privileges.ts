import { appendFileSync, readFileSync } from 'node:fs'
import { evaluate, type Permission, type Statement } from '../../infra/local/access/policy.ts'
import type { LocalCloud } from '../../infra/local/local-cloud.ts'

/** One action on one resource that a role may use, for partition keys of one pattern if the role names such. */
export interface Grant {
  role: string
  action: string
  resource: string
  /** Pattern of the partition keys; absent if the statement does not limit them. */
  key?: string
}

export interface Privileges {
  granted: Grant[]
  used: Grant[]
  /** Permissions that a request needed and its role lacks. */
  denied: { role: string; permission: Permission }[]
}

/** Session of the credentials that `LocalCloud.credentials()` returns. */
const testSession = 'local'
const leadingKeys = 'dynamodb:LeadingKeys'

/** Returns each single grant of the statements of a role. */
export function grantsOf(role: string, statements: readonly Statement[]): Grant[] {
  return statements.flatMap(({ Action = [], Resource = [], Condition }) => {
    const keys =
      Condition['ForAllValues:StringLike']?.[leadingKeys] ?? Condition['ForAllValues:StringEquals']?.[leadingKeys]
    return Action.flatMap((action) =>
      Resource.flatMap((resource) =>
        (keys ?? [undefined]).map((key) => ({ role, action, resource, ...(key !== undefined && { key }) })),
      ),
    )
  })
}

/** Whether a request needs the grant: another grant of the same role may allow it too. */
export function uses({ action, resource, key }: Grant, { leadingKeys: keys, ...permission }: Permission): boolean {
  const bare: Statement = { Effect: 'Allow', Action: [action], Resource: [resource], Condition: {} }
  if (evaluate([bare], permission, {}) !== 'allowed') return false
  if (key === undefined) return true
  const limited: Statement = {
    ...bare,
    Condition: { 'ForAllValues:StringLike': { [leadingKeys]: [key] } } as Statement['Condition'],
  }
  return (keys ?? []).some((one) => evaluate([limited], { ...permission, leadingKeys: [one] }, {}) === 'allowed')
}

/**
 * If RECORD_PRIVILEGES names a file, appends to it what the roles of the cloud grant, and what its functions and bridges use or are
 * denied, each once. Requests of tests with the credentials of a role are left out: some try what the role must not do.
 */
export function recordPrivileges({ statements, onDecision }: Pick<LocalCloud, 'onDecision' | 'statements'>): void {
  const file = process.env['RECORD_PRIVILEGES']
  if (file === undefined) return
  const noted = new Set<string>()
  const note = (entry: object) => {
    const line = JSON.stringify(entry)
    if (noted.has(line)) return
    noted.add(line)
    appendFileSync(file, `${line}\n`)
  }
  const grants = new Map([...statements].map(([role, own]) => [role, grantsOf(role, own)]))
  for (const grant of [...grants.values()].flat()) note({ granted: grant })
  onDecision(({ role, session, permission, isAllowed }) => {
    if (session === testSession) return
    if (!isAllowed) note({ denied: { role, permission } })
    else for (const grant of grants.get(role) ?? []) if (uses(grant, permission)) note({ used: grant })
    const { action, resource, leadingKeys: keys = [] } = permission
    for (const key of keys) note({ touched: { role, action, resource, key: kindOf(key) } })
  })
}

/** Returns a partition key with `*` for the parts that differ from item to item of a kind: `office#CE#1.2` is `*#CE#*`. */
function kindOf(key: string): string {
  const [first = '', kind, ...rest] = key.split('#')
  if (kind === undefined) return /^[A-Z]+$/.test(first) ? first : '*'
  if (/^[A-Z]+$/.test(first)) return `${first}#*`
  return [`*#${kind}`, ...rest.map(() => '*')].join('#')
}

/** Reads what `recordPrivileges` wrote, from every cloud of a run. */
export function readPrivileges(file: string): Privileges {
  const lines = [...new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean))]
  const entries: { granted?: Grant; used?: Grant; denied?: Privileges['denied'][number] }[] = lines.map((line) =>
    JSON.parse(line),
  )
  const all = <T>(values: (T | undefined)[]) => values.filter((value) => value !== undefined)
  return {
    granted: all(entries.map(({ granted }) => granted)),
    used: all(entries.map(({ used }) => used)),
    denied: all(entries.map(({ denied }) => denied)),
  }
}
