/** A silent connection is ended this long after the last sign of life: half-open TCP connections show no other error. */
const deadAfterMs = 10_000
const pingMs = 5000

interface WatchedSocket {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: (code: unknown) => void): unknown
}

/** Pings a connection to Asterisk, ends it when nothing arrives any more, and says why it ended. */
export class SilenceWatch {
  /** Resolves with the reason when the socket has closed. */
  readonly closed: Promise<string>
  #lastSeenMs = Date.now()
  /** The same by the clock that never goes back. */
  #lastSeenMonotonicMs = performance.now()

  /** `ping` asks the peer for a sign of life; `destroy` closes the socket at once. */
  constructor(socket: WatchedSocket, { ping, destroy }: { ping(): void; destroy(): void }) {
    let reason = ''
    const timer = setInterval(() => {
      if (performance.now() - this.#lastSeenMonotonicMs <= deadAfterMs) ping()
      else {
        reason = 'no answer to pings'
        destroy()
      }
    }, pingMs)
    socket.on('error', (error) => {
      reason ||= error.message
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        clearInterval(timer)
        resolve(reason || `closed by Asterisk${typeof code === 'number' ? ` (${code})` : ''}`)
      })
    })
  }

  /** When Asterisk last sent anything, Unix milliseconds. */
  get lastSeenMs(): number {
    return this.#lastSeenMs
  }

  /** Call this for everything that arrives. */
  seen(): void {
    this.#lastSeenMs = Date.now()
    this.#lastSeenMonotonicMs = performance.now()
  }
}
