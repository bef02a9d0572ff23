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

/**
 * Returns how many seconds a zone's clocks are ahead of UTC at a moment (Unix seconds).
 * @throws RangeError for an unknown zone
 */
export function offsetAt(zone: string, seconds: number): number {
  const parts = formatOf(zone).formatToParts(seconds * 1000)
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}
