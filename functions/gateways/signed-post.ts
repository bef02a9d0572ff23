import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'

/** Credentials that Lambda sets in the environment of a function, valid for the life of the process. */
export interface SigningCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/**
 * Signs POST requests by Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html), for one
 * service and one region. The SDK's signer takes a millisecond of CPU a post, and a function that posts to 500 clients has a
 * third of a core. This one takes 20 us, since it derives the signing key once a day and looks nothing up.
 */
export class PostSigner {
  readonly #credentials: SigningCredentials
  readonly #region: string
  readonly #service: string
  /** Further headers of every request, which are signed too: names in lower case that sort behind those of the signature. */
  readonly #more: [name: string, value: string][]
  #key: { day: string; key: KeyObject } | undefined
  #date: { second: number; text: string } | undefined
  #body: { text: string; hash: string } | undefined

  constructor(
    credentials: SigningCredentials,
    region: string,
    service = 'execute-api',
    more: Readonly<Record<string, string>> = {},
  ) {
    this.#credentials = credentials
    this.#region = region
    this.#service = service
    this.#more = Object.entries(more).sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Returns the headers of a signed POST. `path` is that of the request line, its parts URI-encoded once. */
  headers(host: string, path: string, body: string, now: Date): Record<string, string> {
    const { accessKeyId, sessionToken } = this.#credentials
    const date = this.#dateOf(now)
    const day = date.slice(0, 8)
    const token = sessionToken ? `x-amz-security-token:${sessionToken}\n` : ''
    const more = this.#more.map(([name, value]) => `${name}:${value}\n`).join('')
    const tokenNames = sessionToken ? ['x-amz-security-token'] : []
    const names = ['host', 'x-amz-date', ...tokenNames, ...this.#more.map(([name]) => name)].join(';')
    // Every service except S3 signs the path encoded a second time.
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    const request = `POST\n${encoded}\n\nhost:${host}\nx-amz-date:${date}\n${token}${more}\n${names}\n${this.#hashOf(body)}`
    const scope = `${day}/${this.#region}/${this.#service}/aws4_request`
    const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(request)}`
    const signature = hmac(this.#keyOf(day), text).toString('hex')
    return {
      host,
      'x-amz-date': date,
      ...(sessionToken && { 'x-amz-security-token': sessionToken }),
      ...Object.fromEntries(this.#more),
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    }
  }

  #dateOf(now: Date): string {
    const second = Math.floor(now.getTime() / 1_000)
    if (this.#date?.second !== second) {
      this.#date = { second, text: `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z` }
    }
    return this.#date.text
  }

  /** Hashes a body once, since a fan-out posts the same body to many connections. */
  #hashOf(body: string): string {
    if (this.#body?.text !== body) this.#body = { text: body, hash: sha256(body) }
    return this.#body.hash
  }

  /** Returns the signing key as a key object: OpenSSL would make one from bytes for each post, at four times the CPU. */
  #keyOf(day: string): KeyObject {
    if (this.#key?.day !== day) {
      const parts = [day, this.#region, this.#service, 'aws4_request']
      const start = Buffer.from(`AWS4${this.#credentials.secretAccessKey}`)
      this.#key = { day, key: createSecretKey(parts.reduce<Buffer>(hmac, start)) }
    }
    return this.#key.key
  }
}

function sha256(text: string): string {
  return hash('sha256', text)
}

function hmac(key: Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
