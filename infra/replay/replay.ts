import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AriServer } from './ari-server.ts'
import { cdrLines } from './cdr-lines.ts'
import { PbxModel } from './pbx-model.ts'
import { formatTime, Rewriter, readRecording } from './recording.ts'

/** Pause between two recordings at speed 1. */
const pauseMs = 4000

export interface ReplayOptions {
  /** Folder of the CDR file. */
  folder: string
  /** Names of recordings (`internal_answered`) that are played in turn; empty if only `playOnce` is used. */
  recordings: readonly string[]
  speed?: number
  /** Whether to start again after the last recording. */
  loop?: boolean
  user: string
  password: string
  port?: number
}

export interface Replay extends AsyncDisposable {
  ariUrl: string
  cdrFile: string
  /** Plays a recording; resolves when its last event is sent and its CDR lines are written. */
  playOnce(name: string): Promise<void>
  /** Sends a frame unchanged, for tests of invalid events. */
  sendRaw(frame: string): void
  /** Closes every connection; clients may reconnect. */
  cut(): void
  stop(): Promise<void>
}

/**
 * Starts a SIMULATED Asterisk without phones. It replays recorded calls of a real Asterisk 22 at the current time, by ARI (WebSocket
 * and REST) and into a CDR file. It serves demonstrations without a PBX and tests of failures.
 */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const { folder, user, password, port = 0, speed = 1 } = options
  const cdrFile = join(folder, 'cdr.jsonl')
  await mkdir(folder, { recursive: true })
  await appendFile(cdrFile, '', { mode: 0o600 })
  const model = new PbxModel()
  const server = new AriServer({ model, user, password, port })
  const ariUrl = `http://127.0.0.1:${await server.start()}/ari`
  const stopping = new AbortController()
  const play = (name: string) => playRecording(name, { model, server, cdrFile, speed, signal: stopping.signal })
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

interface Simulation {
  model: PbxModel
  server: AriServer
  cdrFile: string
  speed: number
  signal: AbortSignal
}

async function playRecording(name: string, simulation: Simulation): Promise<void> {
  const recording = await readRecording(name)
  const rewriter = new Rewriter(recording, Date.now(), simulation.speed)
  const first = recording.lines.find(({ text }) => text.includes('"type":"ChannelCreated"'))
  const linkedid = first ? channelId(rewriter.text(first.text)) : ''
  const emit = (event: string) => {
    simulation.model.apply(event, linkedid)
    simulation.server.send(event)
  }
  for (const { atMs, text } of recording.lines) {
    const waitMs = rewriter.time(atMs) - Date.now()
    if (waitMs > 1) await pause(waitMs, simulation.signal)
    if (simulation.signal.aborted) return
    emit(rewriter.text(text))
  }
  for (const event of simulation.model.endings(linkedid, formatTime(Date.now(), true))) emit(event)
  for (const line of await cdrLines(recording, rewriter)) await appendFile(simulation.cdrFile, `${line}\n`)
}

function channelId(event: string): string {
  return /"channel":\{"id":"([^"]+)"/.exec(event)?.[1] ?? ''
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
