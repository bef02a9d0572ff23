import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Webhook } from 'standardwebhooks'
import * as v from 'valibot'
import type { Call } from '../../contracts/calls.ts'
import { CallPage } from '../../contracts/routes/calls.ts'
import { WebhookEvent } from '../../contracts/webhook-events.ts'
import { BridgeProcess } from '../../infra/start/bridge-process.ts'
import { buildBridgeProgram } from '../../infra/start/build.ts'
import { makeSite, newCode } from '../../infra/start/make-site.ts'
import { startCompany } from '../pbx/support/company.ts'
import { companyKinds } from '../pbx/support/company-kinds.ts'
import { outsideAnswers } from '../pbx/support/trunk.ts'
import { deploy } from '../support/deployment.ts'
import { until } from '../support/until.ts'
import { startReceiver } from '../support/webhook-receiver.ts'
import { storyFaults } from './webhook-story/compare.ts'

/** Calls over the provider's trunk in one round of all kinds. */
const providerCalls = 3
const pageRows = 200
/** A machine that runs other programs too may take minutes for the events of some sixty calls at once. */
const patienceMs = 900_000

/**
 * Goal: a receiver of webhooks is told the same story of each call as `GET /calls` tells, in order by `callSeq`.
 * Method: real calls of every kind of the company PBX, each round all at the same time, over the whole product: Asterisk, bridge,
 * packaged functions and a receiver that verifies with the reference package. Then each call of the log is compared with its events.
 *
 * `npm run campaign -- webhook-story [rounds]`; two rounds are 62 calls.
 */
export async function main(args: string[]): Promise<void> {
  const rounds = Number(args[0] ?? 2)
  await using parts = new AsyncDisposableStack()
  const [deployment, company, program] = await Promise.all([
    deploy().then((made) => parts.use(made)),
    startCompany().then((started) => parts.use(started)),
    buildBridgeProgram(process.cwd()),
  ])
  const receiver = parts.use(await startReceiver())
  const folder = await mkdtemp(path.join(tmpdir(), 'story-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const { site, apiKey } = await makeSite({ site: 'company', name: 'Company' }, deployment.cloud)
  const api = deployment.api(apiKey)
  const { body: webhook } = await api('POST /v1/sites/{site}/webhooks', {
    path: { site },
    body: { url: `${receiver.url}/story`, types: ['call.*'], perSecond: 100 },
  })
  const { ariUrl: url, ariUser: user, ariPassword: password, amiPort, amiUser, amiPassword } = company.pbx
  const bridge = new BridgeProcess({
    program,
    folder,
    newCode: () => newCode(site, deployment.cloud),
    pbx: {
      ari: { url, user, password },
      ami: { port: amiPort, user: amiUser, password: amiPassword },
      cdrFile: company.cdrFile,
    },
    cloud: deployment.cloud,
  })
  parts.defer(() => bridge.stop())
  await bridge.start()
  for (let round = 1; round <= rounds; round += 1) {
    await using _provider = await outsideAnswers(company.providerPort, 'answers', providerCalls)
    await using _mobile = await outsideAnswers(company.mobilePort, 'busy')
    const ends = await Promise.allSettled(companyKinds.map(({ make }) => make(company)))
    for (const [n, end] of ends.entries())
      if (end.status === 'rejected') throw new Error(`${companyKinds[n]?.kind}: ${end.reason}`)
    await until('the calls to end', async () =>
      (await company.pbx.cli('core show channels count')).includes('0 active channels'),
    )
    console.log(`round ${round}: ${companyKinds.length} calls`)
  }
  const verifier = new Webhook(webhook.secret)
  const events = () => {
    const verified = receiver.received.map(({ body, headers }) =>
      v.parse(WebhookEvent, verifier.verify(body, headers as Record<string, string>)),
    )
    return [...new Map(verified.map((event) => [event.id, event])).values()]
  }
  const finals = () =>
    new Set(events().flatMap(({ type, subject, data }) => (type === 'call.ended' && data['final'] ? [subject] : [])))
  const log = async (): Promise<Call[]> =>
    v.parse(CallPage, (await api('GET /v1/sites/{site}/calls', { path: { site }, query: { limit: pageRows } })).body)
      .calls
  const isTold = async () => {
    const [calls, told] = [await log().catch((): Call[] => []), finals()]
    return calls.length >= rounds * companyKinds.length && calls.every(({ call }) => told.has(call))
  }
  // The comparison says which are missing.
  await until('the final event of each call of the log', isTold, patienceMs).catch((error: unknown) =>
    console.log(String(error)),
  )
  // Other final events of a call follow if its later records came in another message.
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  const [calls, all] = [await log(), events()]
  const byCall = Map.groupBy(all, ({ subject }) => subject)
  const faults = calls.flatMap((call) =>
    storyFaults(call, byCall.get(call.call) ?? []).map(
      (fault) => `${call.call} ${call.caller.endpoint ?? call.caller.number} to ${call.dialled}: ${fault}`,
    ),
  )
  const known = new Set(calls.map(({ call }) => call))
  for (const { type, subject, data } of all)
    if (type === 'call.ended' && !known.has(String(subject)) && data['mergedInto'] === undefined)
      faults.push(`${subject} is not in the call log`)
  for (const fault of faults) console.log(fault)
  printDelays(receiver.received)
  const counts = Map.groupBy(all, ({ type }) => type)
  console.log([...counts].map(([type, of]) => `${of.length} ${type}`).join(', '))
  console.log(
    `${calls.length} calls, ${receiver.received.length} requests, ${all.length} events, ${faults.length} differences`,
  )
  if (faults.length > 0) throw new Error(`${faults.length} differences between the events and the call log`)
}

/** Prints how long after the end of its call each `call.ended` arrived. */
function printDelays(received: readonly { at: number; body: string }[]): void {
  for (const final of [false, true]) {
    const delays = received.flatMap(({ at, body }) => {
      const { type, time, data } = v.parse(WebhookEvent, JSON.parse(body))
      return type === 'call.ended' && data['final'] === final ? [at - Date.parse(time)] : []
    })
    const sorted = delays.sort((a, b) => a - b)
    const part = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
    console.log(
      `${final ? 'final' : 'live'} call.ended: p50 ${part(0.5)} ms, p95 ${part(0.95)} ms, most ${part(1)} ms after the call`,
    )
  }
}
