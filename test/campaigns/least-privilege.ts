import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Grant, readPrivileges } from '../support/privileges.ts'

/** What AWS uses, and not the code of a function, with the reason. */
const usedByAws: { reason: string; is(grant: Grant): boolean }[] = [
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
  const { status } = spawnSync('vitest', ['run', '--project', 'packaged', ...chosen], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, RECORD_PRIVILEGES: record },
  })
  if (status !== 0) throw new Error('a test failed, so the record is not whole')
  if (!existsSync(record)) throw new Error('no cloud was started')
  const { granted, used, denied } = readPrivileges(record)
  const wasUsed = new Set(used.map((grant) => JSON.stringify(grant)))
  const unused = granted.filter(
    (grant) => !wasUsed.has(JSON.stringify(grant)) && !usedByAws.some(({ is }) => is(grant)),
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
