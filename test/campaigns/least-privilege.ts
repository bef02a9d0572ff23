import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { projectOf, suiteOf } from '../suites.ts'
import { type Grant, type Privileges, readPrivileges } from '../support/privileges.ts'

/** What AWS uses and not the code of a function, and what only rare events need, with the reason. */
const usedElsewhere: { reason: string; is(grant: Grant): boolean }[] = [
  { reason: 'Lambda writes the log of a function with its role', is: ({ action }) => action.startsWith('logs:') },
  {
    reason: 'Lambda polls the queue of an event source mapping with the role of its function',
    is: ({ role, action, resource }) =>
      /^sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes)$/.test(action) &&
      pollers[role] === resource.split(':').at(-1),
  },
  {
    reason: 'the bridge uses it, not a function; test/packaged/bridge-access.test.ts checks it',
    is: ({ role }) => role === 'BridgeRole',
  },
  {
    reason:
      'a request over the rate of its key reads the counters; test/packaged/access.test.ts checks it for one function',
    is: ({ action, key }) => action === 'dynamodb:GetItem' && key === '*#CAP',
  },
  { reason: 'a key was revoked while its socket opened', is: isOf('ConnectRole', 'dynamodb:DeleteItem') },
  { reason: 'a request failed while it created a site of that name', is: isOf('SitesRole', 'dynamodb:DeleteItem') },
  {
    reason: 'the deletion of a site whose request could not remove its keys',
    is: ({ role, action, key = '' }) =>
      role === 'RemoveDataRole' && action === 'dynamodb:DeleteItem' && ['KEY#*', '*#KEYS'].includes(key),
  },
  {
    reason: 'an erasure finds the number in a key of an event, and a site with webhooks is deleted',
    is: ({ role, action, resource }) =>
      role === 'RemoveDataRole' && /DeleteItem|BatchWriteItem/.test(action) && resource.endsWith('WebhooksTable'),
  },
  { reason: 'an erasure in a dead letter of the queue live', is: isOf('RemoveDataRole', 'sqs:SendMessage') },
  { reason: 'a key freezes itself, which is an event', is: isOf('PlacedCallsRole', 'sqs:SendMessage') },
  { reason: 'more than 500 subscribers', is: isOf('WatchRole', 'sqs:SendMessage') },
  { reason: 'a heartbeat finds that a socket is closed', is: isOf('WatchRole', 'dynamodb:DeleteItem') },
  { reason: 'more events than one invocation sends', is: isOf('PublishEventsRole', 'sqs:SendMessage') },
  { reason: 'a retry that was due is sent', is: isOf('DeliverWebhooksRole', 'dynamodb:DeleteItem') },
  { reason: 'an upload that another invocation has completed', is: isOf('WriteExportsRole', 's3:GetObject') },
  {
    reason: 'the link to a final export, also of an earlier version',
    is: isOf('RemovalsRole', 's3:GetObject'),
  },
]
function isOf(role: string, action: string) {
  return (grant: Grant): boolean => grant.role === role && grant.action === action
}

/** Denials that tests cause on purpose. */
const deniedOnPurpose: { reason: string; is(denied: Privileges['denied'][number]): boolean }[] = [
  {
    reason: 'test/packaged/bridge-access.test.ts tries what a bridge must not do',
    is: ({ role }) => role === 'BridgeRole',
  },
  {
    reason: 'test/packaged/export-job.test.ts changes the path of a link',
    is: ({ role, permission }) => role === 'ExportsRole' && permission.resource.includes('/final-exports/'),
  },
]
const pollers: Readonly<Record<string, string>> = {
  PersistRecordsRole: 'switchhook-dev-records',
  PushPresenceRole: 'switchhook-dev-live',
  FanOutRole: 'switchhook-dev-fan-out',
  WatchRole: 'switchhook-dev-watch',
  PublishEventsRole: 'switchhook-dev-events',
  DeliverWebhooksRole: 'switchhook-dev-deliveries',
}

/**
 * `npm run campaign -- least-privilege [FILE ...]`. Goal: each action that a role of the template grants, on each resource and for each
 * pattern of keys, is used by its function, and none that a function uses is denied. Method: the suite `packaged` runs (or the files
 * that are given), while the local cloud notes what its request proxy, its S3 and its `@connections` endpoint decide.
 */
export async function main(files: string[]): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sh-privileges-'))
  const record = path.join(folder, 'privileges.jsonl')
  const all = readdirSync('test/packaged').filter((name) => name.endsWith('.test.ts'))
  const chosen = files.length > 0 ? files : all.map((name) => path.join('test/packaged', name))
  const project = projectOf(suiteOf(path.resolve(chosen[0] ?? '')))
  const { status } = spawnSync('vitest', ['run', '--project', project, ...chosen], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, RECORD_PRIVILEGES: record },
  })
  if (status !== 0) throw new Error('a test failed, so the record is not whole')
  if (!existsSync(record)) throw new Error('no cloud was started')
  const { granted, used, ...read } = readPrivileges(record)
  const denied = read.denied.filter((one) => !deniedOnPurpose.some(({ is }) => is(one)))
  const wasUsed = new Set(used.map((grant) => JSON.stringify(grant)))
  const unused = granted.filter(
    (grant) => !wasUsed.has(JSON.stringify(grant)) && !usedElsewhere.some(({ is }) => is(grant)),
  )
  console.log(
    `${granted.length} grants, ${wasUsed.size} used by functions; ${unused.length} unused, ${denied.length} denied`,
  )
  for (const { role, action, resource, key = '' } of unused) console.log('unused', role, action, resource, key)
  for (const { role, permission } of denied) console.log('denied', role, JSON.stringify(permission))
  rmSync(folder, { recursive: true })
  if (unused.length + denied.length > 0)
    throw new Error('a role grants what its function does not use, or less than it uses')
}
