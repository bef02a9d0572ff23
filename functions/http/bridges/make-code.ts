import type { CodeMade } from '../../../contracts/bridge-access.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { type Admin, nameOf, type SiteKey } from '../../caller.ts'
import { makeEnrolmentCode } from '../../domain/enrolment-code.ts'
import type { CodeRow } from '../../stores/bridges.ts'

export interface CodeWriter {
  putCode(site: SiteId, key: string, row: CodeRow): Promise<void>
}

/** An hour: time to walk to the PBX and enter the code there. */
const codeMs = 3_600_000

/** Makes a code that enrols one bridge of the site, once. */
export async function makeCode(
  site: SiteId,
  { caller, bridges, now }: { caller: SiteKey | Admin; bridges: CodeWriter; now: number },
): Promise<CodeMade> {
  const { text, key, hash } = makeEnrolmentCode(site)
  const codeExpiresAt = now + codeMs
  await bridges.putCode(site, key, { codeHash: hash, createdAt: now, createdBy: nameOf(caller), codeExpiresAt })
  return { code: text, key, expiresAt: new Date(codeExpiresAt).toISOString() }
}
