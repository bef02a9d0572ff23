import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../support/until.ts'

export const SIPP = '/usr/bin/sipp'
/** False if the Debian package sip-tester is not installed. */
export const hasSipp = existsSync(SIPP)

const scenario = (name: string) => fileURLToPath(new URL(`trunk/${name}.xml`, import.meta.url))
/** After this sipp ends with an error, so that the test fails instead of hanging. */
const SCENARIO_SECONDS_MAX = 60

/** A running sipp. `ended` resolves with its exit status: 0 if every call matched the scenario. */
export interface Sipp extends AsyncDisposable {
  readonly ended: Promise<number>
}

/** Calls `to` from outside over the trunk, talks for `talkMs` after the answer, and hangs up; `presses` 1 before it talks. */
export function callFromOutside({
  to,
  from,
  talkMs,
  sipPort,
  presses = false,
}: {
  to: string
  from: string
  talkMs: number
  sipPort: number
  presses?: boolean
}) {
  const call = [
    '-m',
    '1',
    '-sf',
    scenario(presses ? 'caller-presses' : 'caller'),
    '-s',
    to,
    '-key',
    'caller',
    from,
    '-d',
    `${talkMs}`,
  ]
  return startSipp([...call, `127.0.0.1:${sipPort}`])
}

/** Starts the provider's side of the trunk, which answers calls on `port` or is busy. Resolves when it listens. */
export async function outsideAnswers(port: number, how: 'answers' | 'busy' = 'answers', calls = 1): Promise<Sipp> {
  const sipp = await startSipp(['-sf', scenario(how), '-p', `${port}`, '-m', `${calls}`])
  await until('the trunk to listen', () => listensOnUdp(port))
  return sipp
}

/** Starts the provider's side of the trunk, which rejects one call on `port` with a SIP status, optionally after ringing. */
export async function outsideSays(port: number, status: number, rings = false): Promise<Sipp> {
  const text = await readFile(scenario(rings ? 'rings-says' : 'says'), 'utf8')
  // sipp takes no variable for a status.
  const sipp = await startSipp(['-m', '1', '-p', `${port}`], text.replace('[status]', `${status}`))
  await until('the trunk to listen', () => listensOnUdp(port))
  return sipp
}

async function startSipp(args: string[], scenarioText?: string): Promise<Sipp> {
  // sipp writes files into its working directory.
  const cwd = await mkdtemp(join(tmpdir(), 'sipp-'))
  if (scenarioText !== undefined) await writeFile(join(cwd, 'scenario.xml'), scenarioText)
  const all = scenarioText === undefined ? args : ['-sf', join(cwd, 'scenario.xml'), ...args]
  const child = spawn(
    SIPP,
    ['-i', '127.0.0.1', '-nostdin', '-timeout', `${SCENARIO_SECONDS_MAX}s`, '-timeout_error', ...all],
    {
      cwd,
      stdio: 'ignore',
    },
  )
  const gone = once(child, 'exit')
  return {
    ended: gone.then(([code]) => Number(code ?? 255)),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
      await rm(cwd, { recursive: true, force: true })
    },
  }
}

/** Reads the kernel's table of UDP sockets, because a test bind could take the port from sipp. */
async function listensOnUdp(port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return (await readFile('/proc/net/udp', 'utf8')).includes(`0100007F:${hex} `)
}
