import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** State of the link. `half-open`: no data passes and no side gets an error. */
export type Link = 'up' | 'cut' | 'half-open'

interface Flaws {
  /** Delay of each chunk. */
  delayMs?: number
  /** Largest size of a chunk. */
  pieceBytes?: number
  /** Share of the chunks, from 0 to 1, that reset the connection instead of passing. */
  resets?: number
  random?: () => number
}

/** A link that can be cut, half-open, slow or flaky, between a client and a port of this machine. */
export class TcpProxy implements AsyncDisposable {
  readonly #port: number
  readonly #flaws: Flaws
  readonly #server = createServer((client) => this.#join(client))
  readonly #sockets = new Set<Socket>()
  #link: Link = 'up'
  resets = 0

  private constructor(port: number, flaws: Flaws) {
    this.#port = port
    this.#flaws = flaws
  }

  static async to(port: number, flaws: Flaws = {}): Promise<TcpProxy> {
    const proxy = new TcpProxy(port, flaws)
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Returns the URL with the port of this proxy. */
  through(url: string): string {
    const parsed = new URL(url)
    parsed.port = String(this.port)
    return parsed.href.replace(/\/$/, url.endsWith('/') ? '/' : '')
  }

  set link(link: Link) {
    if (link === this.#link) return
    this.#link = link
    // A half-open connection breaks when the link is up again, as after the time-out of a router.
    for (const socket of this.#sockets) {
      if (link === 'half-open') socket.pause()
      else socket.destroy()
    }
  }

  #join(client: Socket): void {
    if (this.#link === 'cut') {
      client.destroy()
      return
    }
    const server = connect(this.#port, '127.0.0.1')
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      void this.#carry(from, to)
    }
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    const { delayMs = 0, pieceBytes = 65_536, resets = 0, random = Math.random } = this.#flaws
    try {
      for await (const data of from as AsyncIterable<Buffer>) {
        for (let at = 0; at < data.length; at += pieceBytes) {
          // A paused socket may still deliver data that it had already read.
          while (this.#link === 'half-open' && !from.destroyed) await new Promise((next) => setTimeout(next, 20))
          if (delayMs > 0) await new Promise((next) => setTimeout(next, delayMs))
          if (random() < resets) {
            this.resets += 1
            from.destroy()
            return
          }
          to.write(data.subarray(at, at + pieceBytes))
        }
      }
      to.end()
    } catch {
      to.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
