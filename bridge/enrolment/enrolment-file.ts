import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import * as v from 'valibot'
import { Enrolled } from '../../contracts/bridge-access.ts'
import { errorCode, exitStatus, FatalError } from '../failure.ts'

/** The enrolment file: the cloud's addresses and the bridge's identity. It contains no secret; the key is beside it. */
const Enrolment = v.looseObject({ ...Enrolled.entries, api: v.string() })
export type Enrolment = v.InferOutput<typeof Enrolment>

export const keyFileName = 'bridge-key.pem'
export const enrolmentFileName = 'enrolment.json'

/** Writes the file atomically, by a rename; returns its path. */
export async function writeEnrolment(folder: string, enrolment: Enrolment): Promise<string> {
  const file = join(folder, enrolmentFileName)
  await writeFile(`${file}.new`, JSON.stringify(enrolment, null, 2), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return file
}

/**
 * Returns the configuration's JSON with the values of its `enrolment` file: site, queues, key, and the API that renews
 * credentials. Values of the configuration itself take precedence. Returns a configuration without `enrolment` unchanged.
 */
export async function withEnrolment(configuration: string): Promise<string> {
  const reference = parseReference(configuration)
  if (!reference) return configuration
  const { enrolment: file, ...own } = reference
  const { site, region, queues, key, api, deploymentPublicKey } = await readEnrolment(file)
  const privateKeyFile = join(dirname(resolve(file)), keyFileName)
  return JSON.stringify({ site, region, queues, api, deploymentPublicKey, key: { id: key, privateKeyFile }, ...own })
}

const Reference = v.looseObject({ enrolment: v.string() })

function parseReference(configuration: string): v.InferOutput<typeof Reference> | undefined {
  try {
    const json: unknown = JSON.parse(configuration)
    return v.is(Reference, json) ? json : undefined
  } catch {
    // parseConfig reports invalid JSON with the file's name.
    return undefined
  }
}

async function readEnrolment(file: string): Promise<Enrolment> {
  const remedy = 'enrol the bridge with switchhook-bridge enroll'
  try {
    return v.parse(Enrolment, JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const why = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause) || 'damaged'})`
    throw new FatalError('enrolment-unreadable', exitStatus.noInput, `the enrolment ${file} ${why}: ${remedy}`, {
      cause,
    })
  }
}
