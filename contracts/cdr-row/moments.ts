import { localMoment } from './local-moment.ts'

/** Returns a time of a CDR as Unix seconds; undefined for an empty field, MySQL's zero date, 1970, or an invalid date. */
export function readMoment(value: unknown, zone: string, near?: number): number | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  const seconds = absolute(text) ?? localMoment(text, zone, near)
  // Back ends write 1970 for an answer that never came.
  return seconds !== undefined && seconds > epochDay ? Math.floor(seconds) : undefined
}

const epochDay = 2 * 86_400

/** Times that name their offset, and Unix seconds with or without a fraction. */
function absolute(text: string): number | undefined {
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return Number(text)
  const [, date, time, sign, hours, minutes] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)?\s*(?:Z|([+-])(\d\d):?(\d\d)?)$/.exec(text) ?? []
  if (date === undefined) return undefined
  const utc = Date.parse(`${date}T${time}Z`) / 1000
  if (Number.isNaN(utc) || new Date(utc * 1000).toISOString().slice(0, 10) !== date) return undefined
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes ?? 0)) * 60
  return utc - (sign === '-' ? -offset : offset)
}

/** The time that a uniqueid or linkedid tells, when its channel was made, in Unix seconds. */
export function secondsOfId(id: string): number | undefined {
  const seconds = /(?:^|-)(\d{9,10})\.\d+$/.exec(id)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
