import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { spawnTied } from '../asterisk/instance/process.ts'
import { LabStuckError } from './errors.ts'
import { run } from './network.ts'

const LISTEN_SECONDS_MAX = 60
/** Headers of SIP and SDP are longer than this; the trace needs the first lines only. */
const PACKET_BYTES = 1_500

/** Records the packets on both sides of the router until it is disposed of. */
export async function startTrace(within: readonly string[], file: string, folder: string): Promise<AsyncDisposable> {
  const log = join(folder, 'tcpdump.log')
  const options = ['-i', 'any', '-n', '-U', '-Z', 'root', '-s', `${PACKET_BYTES}`, '-w', file, 'udp']
  const child = await spawnTied([...within, 'tcpdump', ...options], { cwd: folder, outputFile: log })
  const deadline = performance.now() + LISTEN_SECONDS_MAX * 1000
  while (!(await readFile(log, 'utf8')).includes('listening on')) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new LabStuckError(`tcpdump to listen (${(await readFile(log, 'utf8')).trim()})`, LISTEN_SECONDS_MAX)
    await delay(20)
  }
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** Returns a line for each SIP and STUN packet of a trace, without those of audio. */
export function signallingOf(file: string): Promise<string> {
  return run(['tcpdump', '-n', '-r', file, 'udp port 5060 or udp port 3478'])
}
