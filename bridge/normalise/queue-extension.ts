import { isExtensionNumber } from '../../contracts/numbers/number-spelling.ts'
import type { Endpoints } from './endpoints.ts'

/** `hint:60@ext-local`, which FreePBX gives each of its members. */
const hint = /^hint:([^@]+)@/i
/** `Local/60@from-queue/n`: the extension that the queue dials. */
const local = /^Local\/([^@]+)@/i

/**
 * Returns the extension behind a member of a queue: that of the device or hint whose state the queue watches, else the one that
 * it dials. Undefined for a member outside the site and for a name that is no number.
 */
export function extensionOfMember(
  { interface: face, stateInterface }: { interface: string; stateInterface: string },
  phones: Pick<Endpoints, 'get'>,
): string | undefined {
  for (const name of [stateInterface, face]) {
    const found = hint.exec(name)?.[1] ?? local.exec(name)?.[1] ?? numberOfDevice(name, phones)
    if (found !== undefined && isExtensionNumber(found)) return found
  }
  return undefined
}

function numberOfDevice(name: string, phones: Pick<Endpoints, 'get'>): string | undefined {
  const phone = phones.get(name)
  if (phone?.trunk) return undefined
  return phone?.number ?? /^(?:PJSIP|SIP|IAX2|SCCP)\/(\d+)$/.exec(name)?.[1]
}
