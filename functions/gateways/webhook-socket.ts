import { lookup as lookUp } from 'node:dns'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { isLoopback, isPublicAddress } from '../domain/webhooks/address.ts'
import { TargetRefusedError } from '../domain/webhooks/target-url.ts'

/** Finds the addresses of a name, as `dns.lookup` with `all` does. */
export type Resolve = (
  host: string,
  done: (error: NodeJS.ErrnoException | null, addresses: { address: string; family: number }[]) => void,
) => void

export interface SocketOptions {
  /** True on a developer's machine alone: allows loopback addresses. */
  allowsLocal: boolean
  resolve?: Resolve
}

const systemResolve: Resolve = (host, done) => lookUp(host, { all: true }, done)

/**
 * Opens connections to receivers, to public addresses alone. The check is made where the connection is made: Node does not call
 * `lookup` for an address, TLS ignores `blockList`, and a name may have another address than at the check before. It is made on
 * every address of an answer: a name with one forbidden address is refused, since good and bad ones together are an attack's mark.
 */
export class ReceiverSockets {
  readonly #allowsLocal: boolean
  readonly #resolve: Resolve
  constructor({ allowsLocal, resolve = systemResolve }: SocketOptions) {
    this.#allowsLocal = allowsLocal
    this.#resolve = resolve
  }

  /** Opens a plain connection; `done` gets the socket once it is connected, or the error. */
  connect(
    host: string,
    port: number,
    done: (error: Error | null, socket?: net.Socket) => void,
  ): net.Socket | undefined {
    if (net.isIP(host) !== 0 && !this.#isAllowed(host)) {
      process.nextTick(done, refusedAddress(host))
      return undefined
    }
    const socket = net.connect({ host, port, lookup: this.#lookup })
    const fail = (error: Error) => done(error)
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      const { remoteAddress = '' } = socket
      if (this.#isAllowed(remoteAddress)) return done(null, socket)
      socket.destroy()
      done(refusedAddress(remoteAddress))
    })
    return socket
  }

  #isAllowed(address: string): boolean {
    return isPublicAddress(address) || (this.#allowsLocal && isLoopback(address))
  }

  readonly #lookup: net.LookupFunction = (host, options, done) => {
    this.#resolve(host, (error, addresses) => {
      if (error) return done(error, [])
      const forbidden = addresses.find(({ address }) => !this.#isAllowed(address))
      if (forbidden) return done(refusedAddress(forbidden.address), [])
      const [first] = addresses
      // Node ends the process if it gets an empty list.
      if (!first) return done(Object.assign(new Error(`no address of ${host}`), { code: 'ENOTFOUND' }), [])
      if (options.all) return done(null, addresses)
      done(null, first.address, first.family)
    })
  }
}

function refusedAddress(address: string): TargetRefusedError {
  return new TargetRefusedError(`The name has the address ${address}, which is not on the public internet.`)
}

/** Node calls `createConnection` of an agent with the options of the request, and takes the socket from the callback. */
interface ConnectOptions {
  host?: string | null | undefined
  port?: number | string | null | undefined
  servername?: string | undefined
}
type Connected = (error: Error | null, socket: Duplex) => void

const hostIn = ({ host }: ConnectOptions) => (host ?? '').replace(/^\[(.*)\]$/, '$1')
/** Node's own type has a socket with every error. */
const noSocket = new net.Socket()

class GuardedHttpAgent extends HttpAgent {
  readonly #sockets: ReceiverSockets
  constructor(sockets: ReceiverSockets) {
    super({ keepAlive: true, maxFreeSockets: 2 })
    this.#sockets = sockets
  }
  override createConnection(options: ConnectOptions, done?: Connected): undefined {
    this.#sockets.connect(hostIn(options), Number(options.port ?? 80), (error, socket) =>
      done?.(error, socket ?? noSocket),
    )
  }
}

class GuardedHttpsAgent extends HttpsAgent {
  readonly #sockets: ReceiverSockets
  constructor(sockets: ReceiverSockets) {
    super({ keepAlive: true, maxFreeSockets: 2 })
    this.#sockets = sockets
  }
  override createConnection(options: ConnectOptions & tls.ConnectionOptions, done?: Connected): undefined {
    const host = hostIn(options)
    this.#sockets.connect(host, Number(options.port ?? 443), (error, socket) => {
      if (error || !socket) return done?.(error, noSocket)
      const servername = net.isIP(host) === 0 ? host.replace(/\.$/, '') : ''
      const secure = tls.connect({ ...options, socket, servername, host })
      const fail = (failure: Error) => done?.(failure, secure)
      secure.once('error', fail)
      secure.once('secureConnect', () => {
        secure.off('error', fail)
        done?.(null, secure)
      })
    })
  }
}

/** Returns agents that connect only where `sockets` allows it. An agent of one's own uses no proxy of the environment. */
export function guardedAgents(sockets: ReceiverSockets): { http: HttpAgent; https: HttpsAgent } {
  return { http: new GuardedHttpAgent(sockets), https: new GuardedHttpsAgent(sockets) }
}
