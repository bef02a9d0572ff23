import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { SwitchhookError } from '../contracts/errors.ts'

/** A deployment, a site and a key under a name, so that a person need not type them each time. */
const Profile = v.object({ api: v.optional(v.string()), site: v.optional(v.string()), key: v.optional(v.string()) })
export type Profile = v.InferOutput<typeof Profile>
const File = v.object({ current: v.optional(v.string()), profiles: v.record(v.string(), Profile) })
type File = v.InferOutput<typeof File>

/** The file of profiles is damaged, or does not have the profile that was named. */
export class InvalidProfilesError extends SwitchhookError {
  readonly errorId = 'profiles-broken'
}

/** Follows the XDG Base Directory Specification. */
function filePath(): string {
  return join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'switchhook', 'profiles.json')
}

export function readProfiles(): File {
  let text: string
  try {
    text = readFileSync(filePath(), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { profiles: {} }
    throw error
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), File), text)
  if (parsed.success) return parsed.output
  throw new InvalidProfilesError(`${filePath()} is damaged: repair or delete it.`)
}

/** Returns the named profile, or without a name the current one, if there is one. */
export function readProfile(name: string | undefined): Profile | undefined {
  const { current, profiles } = readProfiles()
  const wanted = name ?? current
  if (wanted === undefined) return undefined
  const profile = profiles[wanted]
  if (profile) return profile
  throw new InvalidProfilesError(`Unknown profile ${wanted}: create it with switchhook profile set ${wanted}`)
}

/** Only the owner can read the file, because it holds keys. Replaces it by a rename: a crash leaves the old file. */
export function writeProfiles(file: File): void {
  const path = filePath()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
