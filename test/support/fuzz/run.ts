import * as v from 'valibot'
import { type AnswerCheck, answerCheck } from '../contract.ts'
import type { Random } from '../random.ts'
import { type FuzzRequest, type OpenApi, requestMaker } from './requests.ts'
import { type FuzzedDeployment, type FuzzSite, fuzzSite, inParallel } from './world.ts'

/** A request whose answer is wrong, or that had none, with the reason. */
export interface Finding {
  why: string
  request: FuzzRequest
}

export interface FuzzResult {
  statuses: Map<number, number>
  /** How often each operation answered with success. */
  reached: Map<string, number>
  findings: Finding[]
}

/** A deployment, and what sends it one request as it is. */
export interface FuzzTarget {
  deployment: FuzzedDeployment
  send(request: FuzzRequest): Promise<Response>
}

interface Options extends FuzzTarget {
  random: Random
  count: number
  isShared: boolean
  /** Names the sites; unique in the deployment. */
  name: string
  onProgress?: (done: number) => void
}

/** Requests that share one site: enough that answers feed later requests, few enough that a site which was emptied is soon replaced. */
const requestsPerSite = 1_000
export const atOnce = 6
/** Errors of a service that is not there, which a route declares. Any other answer of 500 or more is a fault. */
const declaredOutages = ['bridge-offline', 'pbx-unreachable']

/**
 * Sends requests that are made from the OpenAPI document which the deployment serves. An answer is a finding if it is a server
 * error, if the document does not describe it, or if it does not come.
 */
export async function fuzzRequests({
  deployment,
  send,
  random,
  count,
  isShared,
  name,
  onProgress,
}: Options): Promise<FuzzResult> {
  const document: OpenApi = await (await deployment.call('GET', '/v1/openapi.json')).json()
  const [check, make] = [answerCheck(document), requestMaker(document, random)]
  const result: FuzzResult = { statuses: new Map(), reached: new Map(), findings: [] }
  for (let from = 0; from < count; from += requestsPerSite) {
    const site = await fuzzSite(deployment, `${name}-${from / requestsPerSite}`, { random, isShared })
    await inParallel(Math.min(requestsPerSite, count - from), atOnce, async (n) => {
      await tryRequest(site.adapt(make(site)), { send, check, site, result })
      onProgress?.(from + n + 1)
    })
  }
  return result
}

interface Judge {
  send: FuzzTarget['send']
  check: AnswerCheck
  site: FuzzSite
  result: FuzzResult
}

async function tryRequest(request: FuzzRequest, { send, check, site, result }: Judge): Promise<void> {
  const answer = await send(request).catch((error: unknown) => String(error))
  const why = typeof answer === 'string' ? answer : await faultOf(request, answer, check)
  if (why !== undefined) result.findings.push({ why, request })
  if (typeof answer === 'string') return
  result.statuses.set(answer.status, (result.statuses.get(answer.status) ?? 0) + 1)
  if (answer.ok) result.reached.set(request.route, (result.reached.get(request.route) ?? 0) + 1)
  await site.remember(request, answer.clone())
}

const Problem = v.looseObject({ errorId: v.string() })

/** Returns what is wrong with an answer, or undefined if nothing is. */
export async function faultOf(
  { method, target }: FuzzRequest,
  answer: Response,
  check: AnswerCheck,
): Promise<string | undefined> {
  if (answer.status >= 500) {
    const body: unknown = await answer
      .clone()
      .json()
      .catch(() => undefined)
    const errorId = v.is(Problem, body) ? body.errorId : ''
    if (!declaredOutages.includes(errorId)) return `answered ${answer.status} ${errorId || JSON.stringify(body)}`
  }
  const [path = ''] = target.split('?')
  try {
    await check(method, decodeURIComponent(path), answer.clone())
    return undefined
  } catch (error) {
    return error instanceof URIError ? undefined : String(error)
  }
}
