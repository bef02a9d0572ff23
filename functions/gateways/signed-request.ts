import type { SwitchhookError } from '../../contracts/errors.ts'
import type { PostSigner } from './signed-post.ts'

interface SignedRequest {
  /** As messages name it: `EventBridge`. */
  service: string
  url: URL
  signer: PostSigner
  contentType: string
  body: string
  answerMsMax: number
  /** Makes the error of a service that refused, or did not answer. */
  fail(message: string, options?: ErrorOptions): SwitchhookError
}

/** Posts to a service of AWS and returns its answer. @throws what `fail` makes */
export async function postSigned(request: SignedRequest): Promise<string> {
  const { service, url, signer, contentType, body, answerMsMax, fail } = request
  const { host: _host, ...signed } = signer.headers(url.host, url.pathname, body, new Date())
  const headers = { ...signed, 'content-type': contentType }
  const signal = AbortSignal.timeout(answerMsMax)
  const sent = { method: 'POST', headers, body, signal, redirect: 'error' } as const
  const { ok, status, text } = await fetch(url, sent)
    .then(async (response) => ({ ok: response.ok, status: response.status, text: await response.text() }))
    .catch((cause: unknown) => {
      throw fail(`${service} did not answer`, { cause })
    })
  if (!ok) throw fail(`${service} answered ${status}: ${text.slice(0, 300)}`)
  return text
}
