import type { KeyObject } from 'node:crypto'
import type { Call } from '../../../contracts/calls.ts'
import { type Command, callDeadlineMs, commandTimes, signCommand } from '../../../contracts/commands.ts'
import type { KeyCallRules } from '../../../contracts/key.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { CallRequest } from '../../../contracts/routes/placed-calls.ts'
import { sha256 } from '../../domain/api-key.ts'
import { makeCallId, toCall } from '../../domain/calls/placed.ts'
import { numbering } from '../../domain/phone-number.ts'
import { siteNumbers } from '../../domain/site-numbers.ts'
import type { IdempotencyRow, PlacedRow } from '../../stores/placed-calls.ts'
import { commandQueueOf, existingSite, type SiteFinder } from '../existing-site.ts'
import { hashOf, idempotencyKeyMalformed, idempotencyKeyReused, isIdempotencyKey } from '../idempotency.ts'
import { HttpProblemError } from '../problem.ts'
import { type QuotaDependencies, takeCallQuota } from './call-quota.ts'
import { checkDialled } from './dial-checks.ts'
import { checkNotSelf, knownPhones, type PresenceReader, reachableEndpoint } from './reachable-endpoint.ts'

export interface PlacedStore {
  findKey(site: SiteId, keyId: string, sha256: string, now: number): Promise<IdempotencyRow | undefined>
  claimKey(site: SiteId, keyId: string, sha256: string, row: IdempotencyRow): Promise<boolean>
  create(site: SiteId, call: string, row: PlacedRow, retentionDays: number): Promise<boolean>
  find(site: SiteId, call: string): Promise<PlacedRow | undefined>
}
export interface PlaceCallDependencies extends QuotaDependencies {
  directory: SiteFinder
  placed: PlacedStore
  reachable: PresenceReader
  keys: { find(prefix: string): Promise<{ calls?: KeyCallRules | undefined; capsOf?: string | undefined } | undefined> }
  commands: { send(url: string, body: string): Promise<void> }
  reaper: { send(reap: { reap: { site: string; call: string } }, delaySeconds: number): Promise<void> }
  signingKey: KeyObject
  now: number
}

/** A request that has made no call after this has failed: the function's timeout is 10 s. */
const inProgressMs = 12_000
/** Well after the deadline of the command: by then the bridge has reported the outcome, or never will. */
const reapAfterSeconds = 45

/**
 * Places a call, once for each Idempotency-Key. It writes the key row and the call row, then sends the command. A retry finds the
 * rows and sends the command again, with the same id, while the call is queued and its deadline is ahead; the bridge ignores an
 * id that it has executed.
 */
export async function placeCall(
  site: SiteId,
  keyId: string,
  idempotencyKey: string | undefined,
  request: CallRequest,
  dependencies: PlaceCallDependencies,
): Promise<Call> {
  if (!idempotencyKey || !isIdempotencyKey(idempotencyKey)) throw idempotencyKeyMalformed()
  const { placed, now } = dependencies
  const key = sha256(idempotencyKey)
  const hash = hashOf(request)
  const known = await placed.findKey(site, keyId, key, now)
  if (known) return repeatCall(site, known, hash, dependencies)
  const call = makeCallId(now)
  const { row, retentionDays } = await prepareCall(site, keyId, call, request, dependencies)
  if (!(await placed.claimKey(site, keyId, key, { hash, call, at: now }))) throw inProgress()
  await placed.create(site, call, row, retentionDays)
  await send(site, call, row, dependencies)
  await dependencies.reaper.send({ reap: { site, call } }, reapAfterSeconds)
  return toCall(call, row)
}

/** Makes every check, the cheapest first, and returns the row of the call and how long the site keeps its CDRs. */
async function prepareCall(
  site: SiteId,
  keyId: string,
  call: string,
  request: CallRequest,
  dependencies: PlaceCallDependencies,
): Promise<{ row: PlacedRow; retentionDays: number }> {
  const { now } = dependencies
  const [{ settings, country, retentionDays }, key, phones] = await Promise.all([
    existingSite(dependencies.directory, site),
    dependencies.keys.find(keyId),
    knownPhones(site, dependencies.reachable, now),
  ])
  const rules = key?.calls ?? {}
  const account = key?.capsOf === undefined ? undefined : await dependencies.keys.find(key.capsOf)
  const states = phones.known.map(({ state }) => state)
  const numbers = siteNumbers(states, settings)
  checkNotSelf(request, phones)
  const dialled = checkDialled(request, { settings, key: rules, numbering: numbering(country), numbers })
  const endpoint = reachableEndpoint(request.from, phones, now)
  const quota = { keyId: key?.capsOf ?? keyId, ownKey: keyId, rules, accountRules: account?.calls ?? rules }
  await takeCallQuota({ site, ...quota, call, settings, now }, dependencies)
  const row: PlacedRow = {
    ...dialled,
    stage: 'queued',
    endpoint,
    keyId,
    quotaKey: key?.capsOf,
    ringSeconds: request.timeoutSeconds ?? settings.callTimeoutSeconds,
    metadata: request.metadata,
    issuedAt: now,
    deadline: now + callDeadlineMs,
  }
  return { row, retentionDays }
}

async function repeatCall(
  site: SiteId,
  known: IdempotencyRow,
  hash: string,
  dependencies: PlaceCallDependencies,
): Promise<Call> {
  const { placed, now } = dependencies
  if (known.hash !== hash) throw idempotencyKeyReused()
  const row = await placed.find(site, known.call)
  if (!row && now - known.at < inProgressMs) throw inProgress()
  if (!row) {
    // The first request failed before it wrote the call row, so it sent nothing. The key stays spent.
    throw new HttpProblemError(
      409,
      'idempotency-key-spent',
      'The request with this key failed before it rang a phone. Use a new key.',
    )
  }
  if (row.stage === 'queued' && now < row.deadline) await send(site, known.call, row, dependencies)
  return toCall(known.call, {
    ...row,
    stage: 'queued',
    result: undefined,
    cause: undefined,
    sipCode: undefined,
    endedAt: undefined,
  })
}

async function send(site: SiteId, call: string, row: PlacedRow, dependencies: PlaceCallDependencies): Promise<void> {
  const { url } = commandQueueOf(await existingSite(dependencies.directory, site))
  const command: Command = {
    command: 'place',
    call,
    endpoint: row.endpoint,
    extension: row.dial,
    ...(row.callerId !== undefined && { callerId: row.callerId }),
    ringSeconds: row.ringSeconds,
    ...commandTimes(row.issuedAt, row.deadline),
  }
  await dependencies.commands.send(url, signCommand(site, command, dependencies.signingKey))
}

function inProgress(): HttpProblemError {
  return new HttpProblemError(
    409,
    'idempotency-in-progress',
    'A request with this key is being served. Send it again in a second.',
    {
      headers: { 'retry-after': '1' },
    },
  )
}
