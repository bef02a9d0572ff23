/** ARI's REST interface, over HTTP or over the event socket. Paths are relative to `/ari`, and URL-encoded by the caller. */
export interface AriRequests {
  /** Each throws AriRefusedError for an HTTP error, AriUnreachableError if there is no answer. */
  get(path: string, signal: AbortSignal): Promise<unknown>
  put(path: string, body: unknown, signal: AbortSignal): Promise<unknown>
  post(path: string, body: unknown, signal: AbortSignal): Promise<unknown>
  delete(path: string, signal: AbortSignal): Promise<unknown>
}

/** One connection to ARI's events, with its REST interface. */
export interface AriConnection {
  readonly requests: AriRequests
  /** Resolves with the reason when the connection has ended, on either side. */
  readonly closed: Promise<string>
  /** When Asterisk last sent anything, Unix milliseconds. */
  readonly lastSeenMs: number
  close(): void
}

/** How connections are made: the bridge dials Asterisk, or Asterisk dials the bridge. */
export interface AriLink {
  /** As Asterisk sees it. `inbound`: events without a connection are lost. `outbound`: Asterisk keeps them and sends them first. */
  readonly direction: 'inbound' | 'outbound'
  /** Makes the next connection. `onFrame` gets each frame and must not block. Throws AriRefusedError or AriUnreachableError. */
  connect(onFrame: (frame: Buffer) => void, signal: AbortSignal): Promise<AriConnection>
}
