import type { WebhookFormat } from '../../../contracts/webhook.ts'

interface Entrusted {
  url: string
  format: WebhookFormat
  headers?: Readonly<Record<string, string>> | undefined
  secret: string
  older?: { secret: string } | undefined
  signingKey?: string | undefined
}

/** Shorter values, such as `1` or `yes`, are no secrets, and would be found in any text. */
const secretCharsMin = 6
const mark = '[secret]'

/** Returns a text of a receiver, which may echo its request, without what only the receiver may know. */
export function withoutSecrets(
  text: string,
  { url, format, headers = {}, secret, older, signingKey }: Entrusted,
): string {
  const values = Object.values(headers).flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)])
  const keys = [secret, older?.secret, signingKey].filter((one) => one !== undefined)
  const address = new URL(url)
  // The path of a receiver of one's own is no secret, and helps to read its error page.
  const path = format === 'standard' ? [] : [url, address.href, address.pathname + address.search]
  const query = [...address.searchParams.values()].flatMap((value) => [value, encodeURIComponent(value)])
  const secrets = [...values, ...keys, ...keys.map((key) => key.slice(key.indexOf('_') + 1)), ...path, ...query]
  return secrets
    .filter((one) => one.length >= secretCharsMin)
    .flatMap((one) => [one, JSON.stringify(one).slice(1, -1)])
    .sort((a, b) => b.length - a.length)
    .reduce((left, one) => left.replaceAll(one, mark), text)
}
