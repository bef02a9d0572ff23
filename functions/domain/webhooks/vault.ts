import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { SwitchhookError } from '../../../contracts/errors.ts'

/** A key of AES-256. The first of a list seals; all of them open, so that rows outlive a rotation. */
export interface DataKey {
  id: string
  /** 32 bytes. */
  key: Uint8Array
}
export type DataKeys = readonly DataKey[]

/** A sealed text cannot be opened: its key is not in the list, or it was changed or moved to another row. */
export class SealError extends SwitchhookError {
  readonly errorId = 'webhook-sealed'
}

const format = 'v1'
const algorithm = 'aes-256-gcm'
/** NIST SP 800-38D: 96 bits, random, for up to 2^32 texts a key. */
const nonceBytes = 12
const tagBytes = 16

/** Encrypts a text so that it opens only with the same owner, for example the site and the id of a webhook. */
export function seal(text: string, owner: readonly string[], [newest]: DataKeys): string {
  if (!newest) throw new SealError('there is no data key')
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, newest.key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(ownerBytes(newest.id, owner))
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return [format, newest.id, sealed.toString('base64url')].join('.')
}

/** @throws SealError */
export function open(sealed: string, owner: readonly string[], keys: DataKeys): string {
  const [version, id = '', content = '', ...more] = sealed.split('.')
  const known = keys.find((one) => one.id === id)
  if (version !== format || more.length > 0) throw new SealError('a sealed text has an unknown form')
  if (!known) throw new SealError(`the data key ${JSON.stringify(id)} is not in the deployment's list: add it again`)
  const bytes = Buffer.from(content, 'base64url')
  if (bytes.length < nonceBytes + tagBytes) throw new SealError('a sealed text is too short')
  const [nonce, tag] = [bytes.subarray(0, nonceBytes), bytes.subarray(-tagBytes)]
  const decipher = createDecipheriv(algorithm, known.key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(ownerBytes(id, owner))
  decipher.setAuthTag(tag)
  try {
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new SealError('a sealed text was changed or is in the row of another owner', { cause })
  }
}

/** Whether a text is sealed with the newest key. */
export function isSealedByNewest(sealed: unknown, [newest]: DataKeys): boolean {
  return typeof sealed === 'string' && newest !== undefined && sealed.startsWith(`${format}.${newest.id}.`)
}

function ownerBytes(keyId: string, owner: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify([format, keyId, ...owner]))
}
