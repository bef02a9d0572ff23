import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import * as v from 'valibot'
import { Enrolled } from '../../contracts/bridge-access.ts'
import { errorCode, exitStatus, FatalError } from '../failure.ts'

/** What enrolment leaves beside the key: where the cloud is and as whom the bridge speaks. No secret is in it. */
const Enrolment = v.looseObject({ ...Enrolled.entries, api: v.string() })
export type Enrolment = v.InferOutput<typeof Enrolment>

export const keyFileName = 'bridge-key.pem'
export const enrolmentFileName = 'enrolment.json'

/** Written aside and renamed, so that a crash leaves no half of it. */
export async function writeEnrolment(folder: string, enrolment: Enrolment): Promise<string> {
  const file = join(folder, enrolmentFileName)
  await writeFile(`${file}.new`, JSON.stringify(enrolment, null, 2), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return file
}

/**
 * A configuration that names an `enrolment` file, with what that file stands for: the site, its queues, the key, and the
 * API that renews credentials. What the configuration says itself goes before it.
 */
export async function withEnrolment(configuration: string): Promise<string> {
  const named = parseNamed(configuration)
  if (!named) return configuration
  const { enrolment: file, ...own } = named
  const { site, region, queues, key, api, deploymentPublicKey } = await parse(file)
  const privateKeyFile = join(dirname(resolve(file)), keyFileName)
  return JSON.stringify({ site, region, queues, api, deploymentPublicKey, key: { id: key, privateKeyFile }, ...own })
}

const Named = v.looseObject({ enrolment: v.string() })

function parseNamed(configuration: string): v.InferOutput<typeof Named> | undefined {
  try {
    const json: unknown = JSON.parse(configuration)
    return v.is(Named, json) ? json : undefined
  } catch {
    // Whoever parses the configuration next says so, with its file's name.
    return undefined
  }
}

async function parse(file: string): Promise<Enrolment> {
  const again = 'enrol the bridge with switchhook-bridge enroll'
  try {
    return v.parse(Enrolment, JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const why = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause) || 'damaged'})`
    throw new FatalError('enrolment-unreadable', exitStatus.noInput, `the enrolment ${file} ${why}: ${again}`, {
      cause,
    })
  }
}
