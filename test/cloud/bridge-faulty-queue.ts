import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

interface Entry {
  Id: string
  MessageBody: string
}

/** The fault of one SendMessageBatch call; `undefined` passes it on. */
export type Fault =
  | { kind: 'status'; status: number; type: string }
  | { kind: 'lost-reply' }
  /** Waits before it passes the call on; drops it if the client has disconnected by then. */
  | { kind: 'slow'; ms: number }
  /** Does not pass the entry on, and answers it as failed. */
  | { kind: 'entry'; index: number; senderFault: boolean; code: string }
  | undefined

/** A proxy between the bridge and SQS that fails the calls that a test selects. */
export class FaultyQueue implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#pass(request, response))
  readonly #upstream: string
  /** Returns the fault of each batch. */
  readonly #judge: (bodies: string[], call: number) => Fault
  calls = 0

  constructor(upstream: string, judge: (bodies: string[], call: number) => Fault) {
    this.#upstream = upstream
    this.#judge = judge
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const isBatch = String(request.headers['x-amz-target']).endsWith('SendMessageBatch')
    const batch = isBatch ? (JSON.parse(body) as { QueueUrl: string; Entries: Entry[] }) : undefined
    this.calls += batch ? 1 : 0
    const fault =
      batch &&
      this.#judge(
        batch.Entries.map((entry) => entry.MessageBody),
        this.calls,
      )
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(JSON.stringify({ __type: fault.type, message: 'by the test' }))
      return
    }
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms))
    if (request.socket.destroyed) return
    const failed = fault?.kind === 'entry' ? batch?.Entries[fault.index] : undefined
    const entries = batch?.Entries.filter((entry) => entry !== failed) ?? []
    const sent = failed ? JSON.stringify({ ...batch, Entries: entries }) : body
    const answer = failed && entries.length === 0 ? {} : await this.#forward(request, sent)
    if (fault?.kind === 'lost-reply') {
      request.socket.destroy()
      return
    }
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
    if (failed && fault?.kind === 'entry') {
      const { code: Code, senderFault: SenderFault } = fault
      response.end(
        JSON.stringify({ ...answer, Failed: [{ Id: failed.Id, Code, SenderFault, Message: 'by the test' }] }),
      )
    } else response.end(JSON.stringify(answer))
  }

  async #forward(request: IncomingMessage, body: string): Promise<object> {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': String(request.headers['x-amz-target']),
    }
    const authorization = String(request.headers.authorization)
    const answer = await fetch(this.#upstream, { method: 'POST', body, headers: { ...headers, authorization } })
    return JSON.parse(await answer.text())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
