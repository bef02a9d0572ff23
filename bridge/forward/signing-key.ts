import { createPrivateKey, sign } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { errorCode, exitStatus, FatalError } from '../failure.ts'

/** File mode bits of group and others: the private key must have none of them. */
const othersMask = 0o077

/** Reads the bridge's Ed25519 key (PKCS8, PEM); returns a function that signs with it. */
export async function readSigningKey(file: string): Promise<(bytes: Uint8Array) => Uint8Array> {
  const pem = await readPrivate(file)
  let key: ReturnType<typeof createPrivateKey>
  try {
    key = createPrivateKey({ key: pem, format: 'pem' })
  } catch {
    // No `cause`: OpenSSL's message may quote the key.
    throw new FatalError(
      'key-invalid',
      exitStatus.config,
      `the key ${file} is not a PKCS8 PEM private key: enrol again`,
    )
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new FatalError('key-invalid', exitStatus.config, `the key ${file} is not an Ed25519 key: enrol again`)
  }
  return (bytes) => sign(null, bytes, key)
}

async function readPrivate(file: string): Promise<string> {
  try {
    const { mode } = await stat(file)
    if ((mode & othersMask) !== 0) {
      const octal = (mode & 0o777).toString(8)
      throw new FatalError(
        'key-too-open',
        exitStatus.noPermission,
        `other users may read the key ${file} (mode ${octal}): run chmod 600 ${file}`,
      )
    }
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof FatalError) throw cause
    const why = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause)})`
    throw new FatalError(
      'key-unreadable',
      exitStatus.noInput,
      `the key ${file} ${why}: enrol the bridge, or correct key.privateKeyFile`,
      {
        cause,
      },
    )
  }
}
