import { cutText } from '../../contracts/text.ts'
import type { PhoneEntry } from '../normalise/ari-objects.ts'
import type { PbxReader } from './dial-plan.ts'

/** A phone's device in FreePBX: digits, and a letter or underscore in some installations. Slashes would name another key. */
const devicePattern = /^[\w.-]{1,80}$/
const userPattern = /^\d{1,20}$/

/** Returns whether the PBX has the users of FreePBX or Issabel, whose dial plan follows astDB at each call. */
export async function readIsFreepbx(pbx: Pick<PbxReader, 'variable'>): Promise<boolean | undefined> {
  const users = await pbx.variable('DB_KEYS(AMPUSER)')
  return users === undefined ? undefined : users !== ''
}

/** Returns whether the context `renvoi-api` is the one of snippets/freepbx.conf, which writes the keys of FreePBX. */
export async function readSetsFreepbx(pbx: Pick<PbxReader, 'variable'>): Promise<boolean | undefined> {
  const answer = await pbx.variable('DIALPLAN_EXISTS(renvoi-api,freepbx,1)')
  return answer === undefined ? undefined : answer === '1'
}

/**
 * Returns number and name of the user of a phone, such as of `SIP/101`. In FreePBX's mode "device and user" the user may be another one
 * each day, or nobody. Undefined for an endpoint that is no device of FreePBX, such as a trunk, and if astDB cannot be read now.
 */
export async function readFreepbxPhone(
  endpoint: string,
  pbx: Pick<PbxReader, 'database'>,
): Promise<PhoneEntry | undefined> {
  const device = endpoint.slice(endpoint.indexOf('/') + 1)
  if (!devicePattern.test(device)) return undefined
  const user = await pbx.database('DEVICE', `${device}/user`)
  if (!user) return undefined
  if (!userPattern.test(user)) return { endpoint, number: undefined, name: undefined, isTrunk: false }
  const name = await pbx.database('AMPUSER', `${user}/cidname`)
  return name === undefined ? undefined : { endpoint, number: user, name: cutText(name) || undefined, isTrunk: false }
}
