import { once } from 'node:events'
import { Ajv, type ValidateFunction } from 'ajv'
import { WebSocket } from 'ws'
import type { SharedDeployment } from '../deployment.ts'
import type { Random } from '../random.ts'
import { type AsyncApi, endsConnection, type FuzzFrame, frameMaker, nameOf } from './frames.ts'
import { answerMsMax } from './send.ts'
import { type FuzzSite, fuzzSite, inParallel } from './world.ts'

export interface FrameFinding {
  why: string
  frame: string
}
export interface FrameResult {
  answers: Map<string, number>
  closed: Map<number, number>
  findings: FrameFinding[]
}
interface Options {
  deployment: SharedDeployment
  random: Random
  count: number
  isShared: boolean
  name: string
  onProgress?: (done: number) => void
}

const socketsAtOnce = 4

/**
 * Sends frames that are made from the AsyncAPI document which the deployment serves, over several sockets. What is answered must be a
 * reply that the document names for the frame, with its schema, and each frame must have one, unless API Gateway ends the connection.
 */
export async function fuzzFrames({
  deployment,
  random,
  count,
  isShared,
  name,
  onProgress,
}: Options): Promise<FrameResult> {
  const document: AsyncApi = await (await fetch(`${deployment.cloud.httpUrl}/v1/asyncapi.json`)).json()
  const [make, judge] = [frameMaker(document, random), frameJudge(document)]
  const site = await fuzzSite(deployment, name, { random, isShared })
  const result: FrameResult = { answers: new Map(), closed: new Map(), findings: [] }
  const open = new Map<number, FuzzSocket>()
  const busy = new Set<number>()
  await inParallel(count, socketsAtOnce, async (n) => {
    const slot = Array.from({ length: socketsAtOnce }, (_, i) => i).find((i) => !busy.has(i)) ?? 0
    busy.add(slot)
    const socket = open.get(slot) ?? (await openSocket(deployment, site, slot))
    open.set(slot, socket)
    const frame = make(site.known)
    const why = await socket.tryFrame(frame, judge, result)
    if (why !== undefined) result.findings.push({ why, frame: `${frame.operation} ${frame.bytes.toString('latin1')}` })
    if (socket.isClosed()) open.delete(slot)
    busy.delete(slot)
    onProgress?.(n + 1)
  })
  for (const socket of open.values()) socket.terminate()
  return result
}

interface FrameJudge {
  /** The types of answers that the document names for a frame. */
  repliesTo(frame: FuzzFrame): ReadonlySet<string>
  /** Returns the name of the message, and what does not fit its schema. */
  read(text: string): { name: string; why?: string; frame: Record<string, unknown> }
  isPushed(name: string): boolean
  /** The topics of a frame that subscribes, each of which has an answer. */
  topicsOf(frame: FuzzFrame): ReadonlySet<string> | undefined
}

function frameJudge({ operations, components }: AsyncApi): FrameJudge {
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const validators = new Map<string, ValidateFunction>(
    Object.entries(components.messages).map(([name, { payload }]) => [name, ajv.compile(payload)]),
  )
  const requests = Object.values(operations).filter(({ action }) => action === 'receive')
  const pushed = new Set(
    Object.values(operations).flatMap(({ action, messages }) => (action === 'send' ? messages.map(nameOf) : [])),
  )
  const requestOf = (frame: FuzzFrame) => {
    const value = parsed(frame.bytes.toString())
    return requests.find(({ messages }) => messages.some((one) => validators.get(nameOf(one))?.(value)))
  }
  return {
    isPushed: (name) => pushed.has(name),
    repliesTo(frame) {
      const replies = requestOf(frame)?.reply?.messages.map(nameOf)
      return new Set(replies ?? ['error', 'gatewayError'])
    },
    read(text) {
      const frame = parsed(text) as Record<string, unknown>
      const name = typeof frame?.['type'] === 'string' ? frame['type'] : 'gatewayError'
      const validate = validators.get(name)
      if (!validate) return { name, frame, why: `the AsyncAPI document has no message ${name}: ${text.slice(0, 300)}` }
      return validate(frame) ? { name, frame } : { name, frame, why: `${name}: ${ajv.errorsText(validate.errors)}` }
    },
    topicsOf(frame) {
      const value = parsed(frame.bytes.toString()) as { action?: string; topics?: string[] }
      const isSubscription = requestOf(frame) && ['subscribe', 'resume'].includes(value.action ?? '')
      return isSubscription ? new Set(value.topics) : undefined
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface FuzzSocket {
  isClosed(): boolean
  terminate(): void
  /** Sends the frame and waits for its whole answer. Returns what is wrong with it. */
  tryFrame(frame: FuzzFrame, judge: FrameJudge, result: FrameResult): Promise<string | undefined>
}

/** Opens a socket with a ticket of a key with every scope, with few scopes, or without presence:read. */
async function openSocket(deployment: SharedDeployment, site: FuzzSite, slot: number): Promise<FuzzSocket> {
  const scopes = [undefined, ['presence:read'], ['presence:read', 'presence:personal'], undefined][slot]
  const request = { path: { site: site.site }, body: scopes ? { scopes } : {} }
  const { body } = await deployment.api(site.owner)('POST /v1/sites/{site}/tickets', request)
  const socket = new WebSocket(`${body.socketUrl}?ticket=${body.ticket}`)
  const received: string[] = []
  let closed: number | undefined
  let wake: () => void = () => undefined
  socket.on('message', (data) => {
    // A message is one frame or an array of frames.
    const value = parsed(data.toString())
    received.push(...(Array.isArray(value) ? value.map((frame) => JSON.stringify(frame)) : [data.toString()]))
    wake()
  })
  socket.on('error', () => undefined)
  socket.on('close', (code) => {
    closed = code
    wake()
  })
  await once(socket, 'open')

  async function next(): Promise<string | 'closed' | 'silent'> {
    const deadline = performance.now() + answerMsMax
    while (received.length === 0 && closed === undefined && performance.now() < deadline) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      const timer = setTimeout(resolve, deadline - performance.now())
      await promise
      clearTimeout(timer)
    }
    return received.shift() ?? (closed === undefined ? 'silent' : 'closed')
  }

  return {
    isClosed: () => closed !== undefined,
    terminate: () => socket.terminate(),
    async tryFrame(frame, judge, result) {
      const replies = judge.repliesTo(frame)
      const topics = new Set(judge.topicsOf(frame) ?? ['the answer'])
      socket.send(frame.bytes, { binary: frame.isBinary })
      while (topics.size > 0) {
        const text = await next()
        if (text === 'silent') return `no answer within ${answerMsMax} ms`
        if (text === 'closed') {
          result.closed.set(closed ?? 0, (result.closed.get(closed ?? 0) ?? 0) + 1)
          return endsConnection(frame) ? undefined : `the connection was closed with ${closed}`
        }
        const { name, why, frame: answer } = judge.read(text)
        result.answers.set(name, (result.answers.get(name) ?? 0) + 1)
        if (why !== undefined) return why
        if (judge.isPushed(name) && !replies.has(name)) continue
        if (!replies.has(name)) return `${name} is no reply that the document names: ${text.slice(0, 300)}`
        if (name === 'gatewayError' && answer['message'] !== 'Forbidden') return `API Gateway answered ${text}`
        if (name === 'reset') continue
        if (name === 'error' || name === 'pong' || name === 'gatewayError') return undefined
        if (name === 'stats') topics.delete('stats')
        else if (answer['part'] === answer['parts']) topics.delete(String(answer['topic']))
      }
      return undefined
    },
  }
}
