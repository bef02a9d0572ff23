/** Returns whether Node knows the IANA time zone. */
export function isZone(text: string): boolean {
  try {
    formatOf(text)
    return /^[A-Z]/.test(text)
  } catch (error) {
    // Intl throws RangeError for an unknown zone.
    if (error instanceof RangeError) return false
    throw error
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  formats.set(zone, format)
  return format
}

/** Since 2012 clocks change only at whole quarters of an hour of Unix time; St. John's changed at 00:01 until 2011. */
const quarterSeconds = 900
const cachedSince = 1_325_376_000
/** Offsets of the quarter hours that were asked for last: CDRs of one file are near each other. At most 100 KB. */
const offsetsMax = 1_000
const offsets = new Map<string, Map<number, number>>()

/**
 * Returns how many seconds a zone's clocks are ahead of UTC at a moment (Unix seconds).
 * @throws RangeError for an unknown zone
 */
export function offsetAt(zone: string, seconds: number): number {
  if (seconds < cachedSince) return computedOffset(zone, seconds)
  const ofZone = offsets.get(zone) ?? new Map<number, number>()
  const quarter = Math.floor(seconds / quarterSeconds)
  const known = ofZone.get(quarter)
  if (known !== undefined) return known
  const offset = computedOffset(zone, seconds)
  if (ofZone.size >= offsetsMax) ofZone.clear()
  ofZone.set(quarter, offset)
  offsets.set(zone, ofZone)
  return offset
}

function computedOffset(zone: string, seconds: number): number {
  const parts = formatOf(zone).formatToParts(seconds * 1000)
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}
