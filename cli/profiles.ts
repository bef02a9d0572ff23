import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import * as v from 'valibot'

/** What a person works with again and again: a deployment, a site, a key. */
const Profile = v.object({ api: v.optional(v.string()), site: v.optional(v.string()), key: v.optional(v.string()) })
export type Profile = v.InferOutput<typeof Profile>
const File = v.object({ current: v.optional(v.string()), profiles: v.record(v.string(), Profile) })
type File = v.InferOutput<typeof File>

/** The profiles' file cannot be used. */
export class InvalidProfilesError extends Error {
  readonly errorId = 'profiles-broken'
  shouldRetry(): boolean {
    return false
  }
}

/** By the XDG Base Directory Specification. */
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
  throw new InvalidProfilesError(`${filePath()} is damaged: mend it or remove it`)
}

/** The named profile, or the current one. */
export function readProfile(name: string | undefined): Profile | undefined {
  const { current, profiles } = readProfiles()
  const wanted = name ?? current
  if (wanted === undefined) return undefined
  const profile = profiles[wanted]
  if (!profile)
    throw new InvalidProfilesError(`there is no profile ${wanted}: make it by switchhook profile set ${wanted}`)
  return profile
}

/** Keys are in it, so it is its owner's alone; written aside and renamed, so that a crash leaves the old one. */
export function writeProfiles(file: File): void {
  const path = filePath()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
