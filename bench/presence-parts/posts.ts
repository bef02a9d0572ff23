import { fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Sockets } from '../../functions/gateways/sockets.ts'
import { postAll } from '../../functions/queues/fan-out/post-all.ts'
import { median } from '../figure.ts'

const connections = 1_000
const atOnce = 100
const rounds = 9
/** Compiled and warm, as a function that has told some hundred clients is. */
const warmUps = 6

/** Posts a second to 1,000 connections: the fan-out's own, signed, retried and counted, and bare ones over kept sockets. */
export async function postsPerSecond(): Promise<{ fanOut: number; bare: number }> {
  const server = fork(fileURLToPath(import.meta.url), ['serve'])
  const [port] = await once(server, 'message')
  const frame = JSON.stringify({ type: 'delta', pad: 'x'.repeat(600) })
  const ids = Array.from({ length: connections }, (_, n) => `connection-${n}=`)
  const sockets = new Sockets(`ws://127.0.0.1:${port}/dev`)
  const posting = {
    sockets,
    connections: { close: async () => undefined },
    now: Date.now,
    wait: async () => undefined,
    random: Math.random,
  }
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce })
  const bare = async () => {
    const left = ids.values()
    const worker = async () => {
      for (const id of left) await barePost(Number(port), agent, id, frame)
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }
  const fanOut = async () => {
    const count = await postAll('office', [{ ids, frames: [frame] }], posting)
    if (count.sent !== connections) throw new Error(`${count.sent} of ${connections} were sent`)
  }
  const taken = { fanOut: [] as number[], bare: [] as number[] }
  for (let n = 0; n < rounds + warmUps; n += 1) {
    for (const [name, run] of [
      ['bare', bare],
      ['fanOut', fanOut],
    ] as const) {
      const started = performance.now()
      await run()
      if (n >= warmUps) taken[name].push(performance.now() - started)
    }
  }
  agent.destroy()
  server.disconnect()
  const rate = (times: number[]) => (connections * 1_000) / median(times)
  return { fanOut: rate(taken.fanOut), bare: rate(taken.bare) }
}

function barePost(port: number, agent: http.Agent, id: string, frame: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const path = `/dev/@connections/${encodeURIComponent(id)}`
    const headers = { 'content-length': Buffer.byteLength(frame) }
    const request = http.request({ method: 'POST', host: '127.0.0.1', port, path, agent, headers }, (response) => {
      response.resume()
      response.once('end', resolve)
    })
    request.once('error', reject)
    request.end(frame)
  })
}

/** The other side, in a process of its own: takes each post and says 200. */
if (process.argv[2] === 'serve') {
  const server = http.createServer((request, response) => {
    request.resume()
    request.once('end', () => response.writeHead(200, { 'content-length': 0 }).end())
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.once('disconnect', () => process.exit())
}
