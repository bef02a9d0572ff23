import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { Agent, request, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import dynalite from 'dynalite'
import type { Emulator, EmulatorAnswer } from './emulator.ts'

/** Requests to the emulator at once; the rest wait in the agent. It works on one thread, more would only queue there. */
const socketsMax = 64
/** Linux takes 107 bytes as a Unix socket's path, macOS 103. */
const socketPathBytesMax = 103

/**
 * DynamoDB by dynalite, kept by LevelDB in `dataFolder`. It listens on a Unix socket in a private folder, so that nothing but the
 * request proxy reaches it.
 */
export async function startTableEmulator(dataFolder: string): Promise<Emulator> {
  await mkdir(dataFolder, { recursive: true })
  const near = join(dataFolder, 'socket')
  const socketFolder =
    Buffer.byteLength(near) > socketPathBytesMax ? await mkdtemp(join(tmpdir(), 'tables-')) : dataFolder
  const socketPath = join(socketFolder, 'socket')
  // A runner that was killed leaves its socket's name behind.
  await rm(socketPath, { force: true })
  const server: Server = dynalite({ path: dataFolder, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax })

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
      agent.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      if (socketFolder !== dataFolder) await rm(socketFolder, { recursive: true, force: true })
    },
  }
}
