import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { LocalCloudError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { account } from '../template/names.ts'
import type { Emulator, EmulatorAnswer } from './emulator.ts'

/** Requests to the emulator at once; the rest wait in the agent. It works on one thread, more would only queue there. */
const socketsMax = 64
/** Linux takes 107 bytes as a Unix socket's path, macOS 103. */
const socketPathBytesMax = 103

/**
 * DynamoDB by dynalite, kept by LevelDB in `dataFolder`. It listens on a Unix socket in a private folder, so that nothing but the
 * request proxy reaches it. Should it die, it is started again on the same data: the request it died of fails.
 */
export async function startTableEmulator(dataFolder: string, region: string, log: Log): Promise<Emulator> {
  await mkdir(dataFolder, { recursive: true })
  const near = join(dataFolder, 'socket')
  const socketFolder =
    Buffer.byteLength(near) > socketPathBytesMax ? await mkdtemp(join(tmpdir(), 'tables-')) : dataFolder
  const socketPath = join(socketFolder, 'socket')
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax })
  let stopped = false
  let worker = await startWorker()

  async function startWorker(): Promise<Worker> {
    // A worker or a runner that died leaves its socket's name behind.
    await rm(socketPath, { force: true })
    const started = new Worker(new URL('./table-worker.mjs', import.meta.url), {
      workerData: { path: dataFolder, socketPath },
      env: { AWS_REGION: region, AWS_ACCOUNT_ID: account },
      execArgv: [],
    })
    try {
      await once(started, 'message')
    } catch (cause) {
      const message = `The tables in ${dataFolder} cannot be opened (${messageOf(cause)}): move the folder away to begin anew.`
      throw new LocalCloudError('tables-damaged', message, { cause })
    }
    started.once('error', (error) => {
      log('tables-died', { error: messageOf(error) })
      if (!stopped) restart()
    })
    return started
  }

  function restart(): void {
    startWorker().then(
      (again) => {
        worker = again
      },
      (error: unknown) => log('tables-lost', { error: messageOf(error) }),
    )
  }

  return {
    call: (headers, body) =>
      new Promise<EmulatorAnswer>((resolve, reject) => {
        const outgoing = request(
          { socketPath, agent, method: 'POST', path: '/', headers: { ...headers } },
          (answer) => {
            const chunks: Buffer[] = []
            answer.on('data', (chunk: Buffer) => chunks.push(chunk))
            answer.on('error', reject)
            answer.on('end', () =>
              resolve({
                status: answer.statusCode ?? 500,
                headers: { 'content-type': 'application/x-amz-json-1.0' },
                body: Buffer.concat(chunks),
              }),
            )
          },
        )
        outgoing.on('error', reject)
        outgoing.end(body)
      }),
    async stop() {
      stopped = true
      agent.destroy()
      // What was answered is in LevelDB's log, which outlives the thread as it outlives a kill.
      await worker.terminate()
      await rm(socketPath, { force: true })
      if (socketFolder !== dataFolder) await rm(socketFolder, { recursive: true, force: true })
    },
  }
}
