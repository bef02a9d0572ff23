import { type ChildProcess, fork, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bridgeNodeFlags, buildBridge } from '../../infra/build/bridge.ts'
import type { Play } from './ari-source.ts'
import type { Counts } from './sqs-sink.ts'

/** A sink for SQS and a source of events, each a process of its own, and a bundled bridge between them. */
export class Rig implements AsyncDisposable {
  readonly folder: string
  readonly #sink: ChildProcess
  readonly #source: ChildProcess
  readonly sqsUrl: string
  readonly ariUrl: string
  readonly #bridges: ChildProcess[] = []

  private constructor(folder: string, sink: ChildProcess, source: ChildProcess, ports: [number, number]) {
    this.folder = folder
    this.#sink = sink
    this.#source = source
    this.sqsUrl = `http://127.0.0.1:${ports[0]}`
    this.ariUrl = `http://127.0.0.1:${ports[1]}/ari`
  }

  static async start(): Promise<Rig> {
    const folder = await mkdtemp(path.join(tmpdir(), 'bench-bridge-'))
    const { privateKey } = generateKeyPairSync('ed25519')
    await writeFile(path.join(folder, 'bridge.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    })
    await writeFile(path.join(folder, 'cdr.jsonl'), '')
    const children = ['sqs-sink.ts', 'ari-source.ts'].map((file) => fork(path.join(import.meta.dirname, file)))
    const [sink, source] = children
    if (!sink || !source) throw new Error('no children')
    const ports = await Promise.all(children.map(async (child) => port(child)))
    process.env['AWS_ACCESS_KEY_ID'] = 'bench'
    process.env['AWS_SECRET_ACCESS_KEY'] = 'bench'
    process.env['AWS_ENDPOINT_URL_SQS'] = `http://127.0.0.1:${ports[0]}`
    return new Rig(folder, sink, source, [ports[0] ?? 0, ports[1] ?? 0])
  }

  queue(name: string): string {
    return `${this.sqsUrl}/000000000000/${name}`
  }

  /** What the sink has taken, by queue; `forget` begins anew. */
  async counts({ forget = false } = {}): Promise<Record<string, Counts>> {
    const answered = once(this.#sink, 'message')
    this.#sink.send({ forget })
    return (await answered)[0].counts
  }

  /** Resolves once all is sent, with the time of each where there is only one kind; then `PJSIP/last-<number>` changes. */
  async play(play: Play, onBegin: () => void = () => undefined): Promise<{ number: number; sentMs: number[] }> {
    const ready = once(this.#source, 'message')
    this.#source.send(play)
    await ready
    onBegin()
    const [{ played, sentMs }] = await once(this.#source, 'message')
    return { number: played, sentMs }
  }

  filter(isFiltered: boolean): void {
    this.#source.send({ isFiltered })
  }

  /** Starts the bundle; resolves once it is connected. */
  async bridge(state = 'state'): Promise<BenchBridge> {
    await buildBridge(process.cwd())
    const config = path.join(this.folder, 'bridge.json')
    await writeFile(config, JSON.stringify(this.config(state)))
    const program = path.resolve('dist/bridge/switchhook-bridge.mjs')
    const child = spawn(process.execPath, [...bridgeNodeFlags, program, '--config', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#bridges.push(child)
    child.once('exit', (status) => {
      // Else what is measured would be waited for without end. A status of 0 was asked for, as was a kill.
      if (status) void this.#giveUp(`the bridge ended with status ${status}`)
    })
    let said = ''
    child.stdout?.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-100_000)
    })
    while (!said.includes('"event":"ari connected"')) {
      if (child.exitCode === 0) throw new Error('the bridge ended before it was connected')
      await delay(10)
    }
    return new BenchBridge(child, this.healthPort)
  }

  readonly healthPort = 20_000 + (process.pid % 20_000)

  config(state: string): Record<string, unknown> {
    return {
      site: 'bench',
      region: 'eu-west-3',
      stateFolder: path.join(this.folder, state),
      ari: { url: this.ariUrl, user: 'bench', password: 'bench' },
      cdr: { file: path.join(this.folder, 'cdr.jsonl') },
      queues: { live: this.queue('live'), records: this.queue('records'), commands: this.queue('commands') },
      key: { id: 'k1', privateKeyFile: path.join(this.folder, 'bridge.key') },
      health: { port: this.healthPort },
      logLevel: 'info',
    }
  }

  async #giveUp(why: string): Promise<never> {
    console.error(`${why}: nothing was measured.`)
    await this[Symbol.asyncDispose]()
    process.exit(1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const children = [...this.#bridges, this.#sink, this.#source].filter((child) => child.exitCode === null)
    await Promise.all(
      children.map(async (child) => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }),
    )
    await rm(this.folder, { recursive: true, force: true })
  }
}

export class BenchBridge {
  readonly #child: ChildProcess
  readonly #port: number

  constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.#port = port
  }

  async health(): Promise<{ components: { spool: { unsent: number } }; counters: Record<string, number> }> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/healthz`)
    return JSON.parse(await response.text())
  }

  /** Resident memory in MB, as the kernel has it. */
  async residentMb(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await gone
  }
}

/** A child that dies before it listens ends the bench. */
async function port(child: ChildProcess): Promise<number> {
  const died = once(child, 'exit').then(() => {
    throw new Error('a process of the bench ended before it listened')
  })
  const [message] = await Promise.race([once(child, 'message'), died])
  return message.port
}
