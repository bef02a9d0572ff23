import { type FraudSettings, weekdays } from '../../../contracts/fraud.ts'
import { offsetAt } from '../../../contracts/zone.ts'

/** `edge`: within an hour before or after the hours of a day. */
export type Opening = 'open' | 'edge' | 'closed'

const edgeMinutes = 60

/** Returns whether people of a site call at a time (Unix seconds), by its hours in its zone. */
export function openingAt(
  seconds: number,
  zone: string,
  { hours, holidays }: Pick<FraudSettings, 'hours' | 'holidays'>,
): Opening {
  const local = new Date((seconds + offsetAt(zone, seconds)) * 1000)
  if (holidays.includes(local.toISOString().slice(5, 10))) return 'closed'
  if (hours.length === 0) return 'open'
  const day = weekdays[local.getUTCDay()]
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes()
  const spans = hours.filter(({ days }) => days.some((one) => one === day))
  const isWithin = (slack: number) =>
    spans.some(({ from, to }) => minute >= minutesOf(from) - slack && minute < minutesOf(to) + slack)
  if (isWithin(0)) return 'open'
  return isWithin(edgeMinutes) ? 'edge' : 'closed'
}

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number)
  return hours * 60 + minutes
}
