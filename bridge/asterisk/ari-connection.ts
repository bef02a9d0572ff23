/** ARI's REST interface, over HTTP or over the event socket. Paths are below `/ari`, with every part already encoded. */
export interface AriRequests {
  /** Each throws AriRefusedError for an answer that is no success, AriUnreachableError if none comes. */
  get(path: string, signal: AbortSignal): Promise<unknown>
  put(path: string, body: unknown, signal: AbortSignal): Promise<unknown>
  post(path: string, body: unknown, signal: AbortSignal): Promise<unknown>
  delete(path: string, signal: AbortSignal): Promise<unknown>
}

/** One connection to ARI's events, and the REST interface that goes with it. */
export interface AriConnection {
  readonly requests: AriRequests
  /** Resolves, with the reason, when the connection has ended, whoever ended it. */
  readonly closed: Promise<string>
  /** When Asterisk last gave a sign of life, Unix milliseconds. */
  readonly lastSeenMs: number
  close(): void
}

/** How connections come about: the bridge dials Asterisk, or Asterisk the bridge. */
export interface AriLink {
  /** `inbound`: what happened without a connection is lost. `outbound`: Asterisk keeps it and tells it first. */
  readonly direction: 'inbound' | 'outbound'
  /** The next connection. `onFrame` is called for each frame as it comes and must not wait. Throws AriRefusedError or AriUnreachableError. */
  connect(onFrame: (frame: Buffer) => void, signal: AbortSignal): Promise<AriConnection>
}
