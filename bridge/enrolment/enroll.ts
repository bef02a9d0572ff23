import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { Enrolled } from '../../contracts/bridge-access.ts'
import { Problem } from '../../contracts/http.ts'
import { errorCode, exitStatus, FatalError } from '../failure.ts'
import { CloudClock, clockRepair } from '../operate/cloud-clock.ts'
import { keyFileName, writeEnrolment } from './enrolment-file.ts'

/** API Gateway answers within 30 s or not at all. */
const answerMsMax = 35_000

const usage = 'usage is switchhook-bridge enroll CODE --api URL --folder DIR'

/** Runs `switchhook-bridge enroll`; prints the line to add to the bridge's configuration. */
export async function runEnroll(args: string[]): Promise<void> {
  const { site, file } = await enroll(optionsOf(args))
  process.stdout.write(
    `Enrolled for the site ${site}. In the bridge's configuration: "enrolment": ${JSON.stringify(file)}\n`,
  )
}

function optionsOf(args: string[]): EnrolOptions {
  try {
    const options = { api: { type: 'string' }, folder: { type: 'string' } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [code, ...more] = positionals
    const { api, folder } = values
    if (code && api && folder && more.length === 0) return { code, api, folder: resolve(folder) }
  } catch (cause) {
    throw new FatalError('usage', exitStatus.usage, usage, { cause })
  }
  throw new FatalError('usage', exitStatus.usage, usage)
}

export interface EnrolOptions {
  code: string
  /** Base URL of the HTTP API, without `/v1`. */
  api: string
  folder: string
}

/**
 * Creates the bridge's key pair, registers the public key with the enrolment code, and returns the path of the enrolment
 * file. The key is on disk before the code is used, so that a second run after a crash enrols the same key again.
 */
export async function enroll({ code, api, folder }: EnrolOptions): Promise<{ site: string; file: string }> {
  if (!URL.canParse(api) || !/^https?:/.test(api)) {
    throw new FatalError('usage', exitStatus.usage, '--api must be a URL, for example --api https://HOST')
  }
  const publicKey = await readOrCreateKey(folder)
  const enrolled = await register(`${api.replace(/\/+$/, '')}/v1/bridge/enrolments`, { code, publicKey })
  const file = await writeEnrolment(folder, { ...enrolled, api })
  return { site: enrolled.site, file }
}

/** Returns the public key (SPKI, PEM). */
async function readOrCreateKey(folder: string): Promise<string> {
  const file = join(folder, keyFileName)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const pem = (await readKey(file)) ?? (await createKey(file))
    return createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' }).toString()
  } catch (cause) {
    const sentence = `the bridge's key ${file} cannot be created or read (${errorCode(cause) || 'damaged'}): repair or remove it, or choose another --folder`
    throw new FatalError('key-unwritable', exitStatus.cannotCreate, sentence, { cause })
  }
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** `wx`: two enrolments at the same time must not both create a key. Synced, since the enrolment code is used next. */
async function createKey(file: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await using handle = await open(file, 'wx', 0o600)
  await handle.writeFile(pem)
  await handle.sync()
  return pem
}

async function register(url: string, body: { code: string; publicKey: string }): Promise<Enrolled> {
  const { status, json } = await post(url, body)
  const enrolled = v.safeParse(Enrolled, json)
  if (status === 201 && enrolled.success) return enrolled.output
  const problem = v.safeParse(Problem, json)
  const why = problem.success ? problem.output.detail : `it answered HTTP ${status}`
  const isRefused = status >= 400 && status < 500
  const exit = isRefused ? exitStatus.noPermission : exitStatus.unavailable
  throw new FatalError('enrolment-refused', exit, `the cloud refused to enrol this bridge: ${why}`)
}

async function post(url: string, body: unknown): Promise<{ status: number; json: unknown }> {
  const clock = new CloudClock()
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(answerMsMax),
    })
    clock.note(response.headers.get('date'))
    if (clock.fault) process.stderr.write(`switchhook-bridge: ${clock.fault} ${clockRepair}\n`)
    return { status: response.status, json: await response.json() }
  } catch (cause) {
    clock.noteError(cause)
    const remedy = clock.fault ? `${clock.fault} ${clockRepair} Then` : 'check the network and --api, and'
    const sentence = `no answer from the API at ${new URL(url).host}: ${remedy} run the command again`
    throw new FatalError('api-unreachable', exitStatus.unavailable, sentence, { cause })
  }
}
