import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AriServer } from './ari-server.ts'
import { cdrLines } from './cdr-lines.ts'
import { Picture } from './picture.ts'
import { formatTime, Rewriter, readRecording } from './recording.ts'

/** Between two calls of the loop, at speed 1. */
const pauseMs = 4000

export interface ReplayOptions {
  /** Where the CDR file is written. */
  folder: string
  /** Names of recordings (`internal_answered`), played one after the other, or none, to play by `playOnce` alone. */
  recordings: readonly string[]
  speed?: number
  /** Begin again after the last recording. */
  loop?: boolean
  user: string
  password: string
  port?: number
}

export interface Replay extends AsyncDisposable {
  ariUrl: string
  cdrFile: string
  /** Plays a recording now; resolves once its last event and its CDR lines are out. */
  playOnce(name: string): Promise<void>
  /** Sends bytes as they are, to see what a client does with them. */
  sendRaw(frame: string): void
  /** Cuts every connection; clients may connect again. */
  cut(): void
  stop(): Promise<void>
}

/**
 * A SIMULATED Asterisk: it has no telephone, and plays what a real Asterisk 22 said in recorded calls, as if they happened
 * now, over the same ARI (WebSocket and REST) and into the same kind of CDR file. For a look without a PBX, and for tests
 * of failures.
 */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const { folder, user, password, port = 0, speed = 1 } = options
  const cdrFile = join(folder, 'cdr.jsonl')
  await mkdir(folder, { recursive: true })
  await appendFile(cdrFile, '', { mode: 0o600 })
  const picture = new Picture()
  const server = new AriServer({ picture, user, password, port })
  const ariUrl = `http://127.0.0.1:${await server.start()}/ari`
  const stopping = new AbortController()
  const play = (name: string) => playRecording(name, { picture, server, cdrFile, speed, signal: stopping.signal })
  const playing = playAll(options, play, stopping.signal)
  const stop = async () => {
    stopping.abort()
    await playing
    await server.stop()
  }
  return {
    ariUrl,
    cdrFile,
    playOnce: play,
    sendRaw: (frame) => server.send(frame),
    cut: () => server.cut(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function playAll(
  { recordings, loop = false, speed = 1 }: ReplayOptions,
  play: (name: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  do {
    for (const name of recordings) {
      await play(name)
      await pause(pauseMs / speed, signal)
      if (signal.aborted) return
    }
  } while (loop && recordings.length > 0)
}

interface Stage {
  picture: Picture
  server: AriServer
  cdrFile: string
  speed: number
  signal: AbortSignal
}

async function playRecording(name: string, stage: Stage): Promise<void> {
  const recording = await readRecording(name)
  const rewriter = new Rewriter(recording, Date.now(), stage.speed)
  const first = recording.lines.find(({ text }) => text.includes('"type":"ChannelCreated"'))
  const linkedid = first ? channelId(rewriter.text(first.text)) : ''
  const emit = (event: string) => {
    stage.picture.apply(event, linkedid)
    stage.server.send(event)
  }
  for (const { atMs, text } of recording.lines) {
    const waitMs = rewriter.time(atMs) - Date.now()
    if (waitMs > 1) await pause(waitMs, stage.signal)
    if (stage.signal.aborted) return
    emit(rewriter.text(text))
  }
  for (const event of stage.picture.endings(linkedid, formatTime(Date.now(), true))) emit(event)
  for (const line of await cdrLines(recording, rewriter)) await appendFile(stage.cdrFile, `${line}\n`)
}

function channelId(event: string): string {
  return /"channel":\{"id":"([^"]+)"/.exec(event)?.[1] ?? ''
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
