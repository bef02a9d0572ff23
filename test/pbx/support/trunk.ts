import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../support/until.ts'

export const SIPP = '/usr/bin/sipp'
/** False where the package sip-tester is missing. */
export const hasSipp = existsSync(SIPP)

const scenario = (name: string) => fileURLToPath(new URL(`trunk/${name}.xml`, import.meta.url))
/** A scenario that never ends is a failed test, not a hanging one. */
const SCENARIO_SECONDS_MAX = 15

/** A running sipp. `ended` resolves with its exit status, 0 when every call went as the scenario says. */
export interface Sipp extends AsyncDisposable {
  readonly ended: Promise<number>
}

/** An outside caller: `from` calls `to` through the trunk, talks `talkMs` once answered, and hangs up. */
export function callFromOutside({
  to,
  from,
  talkMs,
  sipPort,
}: {
  to: string
  from: string
  talkMs: number
  sipPort: number
}) {
  const { sipp } = { sipp: ['-sf', scenario('caller'), '-s', to, '-key', 'caller', from, '-d', `${talkMs}`] }
  return startSipp([...sipp, `127.0.0.1:${sipPort}`])
}

/** The provider's side: waits for one call on `port`, and answers it or says it is busy. Resolves when it listens. */
export async function outsideAnswers(port: number, how: 'answers' | 'busy' = 'answers'): Promise<Sipp> {
  const sipp = await startSipp(['-sf', scenario(how), '-p', `${port}`])
  await until('the trunk to listen', () => listensOnUdp(port))
  return sipp
}

/** The provider's side: waits for one call on `port` and says `status`, after ringing if so. Resolves when it listens. */
export async function outsideSays(port: number, status: number, rings = false): Promise<Sipp> {
  const text = await readFile(scenario(rings ? 'rings-says' : 'says'), 'utf8')
  // sipp wants a status in figures.
  const sipp = await startSipp(['-p', `${port}`], text.replace('[status]', `${status}`))
  await until('the trunk to listen', () => listensOnUdp(port))
  return sipp
}

async function startSipp(args: string[], scenarioText?: string): Promise<Sipp> {
  // sipp leaves files where it runs.
  const cwd = await mkdtemp(join(tmpdir(), 'sipp-'))
  if (scenarioText !== undefined) await writeFile(join(cwd, 'scenario.xml'), scenarioText)
  const told = scenarioText === undefined ? args : ['-sf', join(cwd, 'scenario.xml'), ...args]
  const child = spawn(
    SIPP,
    ['-i', '127.0.0.1', '-m', '1', '-nostdin', '-timeout', `${SCENARIO_SECONDS_MAX}s`, '-timeout_error', ...told],
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

/** Reads the kernel's table: trying to bind the port would take it from sipp. */
async function listensOnUdp(port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return (await readFile('/proc/net/udp', 'utf8')).includes(`0100007F:${hex} `)
}
