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

/** Concurrent requests to the emulator, which has one thread; further ones wait in the agent. */
const socketsMax = 64
/** Limit on the path of a Unix socket: 107 bytes on Linux, 103 on macOS. */
const socketPathBytesMax = 103

/**
 * Starts DynamoDB by dynalite, which stores its data in LevelDB in `dataFolder`. It listens on a Unix socket in a private folder,
 * so that only the request proxy reaches it. If it crashes, the request fails and it is started again with the same data.
 */
export async function startTableEmulator(dataFolder: string, region: string, log: Log): Promise<Emulator> {
  await mkdir(dataFolder, { recursive: true })
  const preferred = join(dataFolder, 'socket')
  const socketFolder =
    Buffer.byteLength(preferred) > socketPathBytesMax ? await mkdtemp(join(tmpdir(), 'tables-')) : dataFolder
  const socketPath = join(socketFolder, 'socket')
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax })
  let stopped = false
  let worker = await startWorker()

  async function startWorker(): Promise<Worker> {
    // A worker or a process that crashed leaves the socket's file behind.
    await rm(socketPath, { force: true })
    const started = new Worker(new URL('./table-worker.mjs', import.meta.url), {
      workerData: { path: dataFolder, socketPath },
      env: { AWS_REGION: region, AWS_ACCOUNT_ID: account },
      execArgv: [],
    })
    try {
      await once(started, 'message')
    } catch (cause) {
      const message = `The tables in ${dataFolder} cannot be opened (${messageOf(cause)}): move the folder away to start with empty tables.`
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
      // LevelDB's log has every write that was answered, so ending the thread loses nothing.
      await worker.terminate()
      await rm(socketPath, { force: true })
      if (socketFolder !== dataFolder) await rm(socketFolder, { recursive: true, force: true })
    },
  }
}
