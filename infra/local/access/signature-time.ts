import type { IncomingHttpHeaders } from 'node:http'

const minuteMs = 60_000
/** How far the time of a signature may be off. SQS alone takes 15 minutes, as its refusals say; the others take five. */
const toleranceMs = { sqs: 15 * minuteMs, others: 5 * minuteMs }

/**
 * Returns AWS's sentence about a signature whose time is too far from `nowMs`, or undefined. A request without a time has no
 * signature in its headers.
 */
export function signatureTimeFault(headers: IncomingHttpHeaders, isSqs: boolean, nowMs: number): string | undefined {
  const signed = String(headers['x-amz-date'] ?? '')
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signed)
  if (!parts) return undefined
  const [, year, month, day, hour, minute, second] = parts
  const signedMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  const allowedMs = isSqs ? toleranceMs.sqs : toleranceMs.others
  const [now, bound] = [stamp(nowMs), (sign: 1 | -1) => stamp(nowMs + sign * allowedMs)]
  const minutes = allowedMs / minuteMs
  if (signedMs < nowMs - allowedMs)
    return `Signature expired: ${signed} is now earlier than ${bound(-1)} (${now} - ${minutes} min.)`
  if (signedMs > nowMs + allowedMs)
    return `Signature not yet current: ${signed} is still later than ${bound(1)} (${now} + ${minutes} min.)`
  return undefined
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, '')
}
