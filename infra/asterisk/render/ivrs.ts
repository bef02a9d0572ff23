import type { HoursOfSite, IvrOfSite } from '../site/schema.ts'
import { labelled, sendTo, steps, variable } from './steps.ts'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Renders a number that leads elsewhere within and outside of office hours. The zone of the PBX counts where none is given. */
export function renderHours({ number, zone, open, holidays, during, outside }: HoursOfSite): string {
  const at = zone === undefined ? '' : `,${zone}`
  const closed = holidays.map((holiday) => {
    const [day = '', month = '', year] = holiday.split('-').reverse()
    const date = `*,*,${Number(day)},${months[Number(month) - 1]}${at}`
    if (year === undefined) return `GotoIfTime(${date}?ferme)`
    const now = `STRFTIME(${variable('EPOCH')},${zone ?? ''},%Y)`
    return `ExecIf($["${variable(now)}" = "${year}"]?GotoIfTime(${date}?ferme))`
  })
  const hours = open.flatMap(({ days, from, to }) =>
    days.map((day) => `GotoIfTime(${from}-${minuteBefore(to)},${day},*,*${at}?ouvert)`),
  )
  return steps(number, [
    ...closed,
    ...hours,
    ...labelled('ferme', sendTo(outside)),
    ...labelled('ouvert', sendTo(during)),
  ])
}

/** Asterisk counts the last minute of a range as in it. */
function minuteBefore(time: string): string {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const total = hours * 60 + minutes - 1
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(total / 60))}:${two(total % 60)}`
}

/** Renders a voice menu: the caller may press a key while the greeting plays. Only keys of the list lead on. */
export function renderIvr({ number, greeting, keys, seconds, tries, otherwise }: IvrOfSite): string {
  const label = (key: string) => `touche${key === '*' ? 'E' : key}`
  const choices = Object.entries(keys)
  return steps(number, [
    'Answer()',
    'Set(ESSAI=0)',
    `(encore),Read(TOUCHE,${greeting},1,,1,${seconds})`,
    ...choices.map(([key]) => `GotoIf($["${variable('TOUCHE')}" = "${key}"]?${label(key)})`),
    `Set(ESSAI=$[${variable('ESSAI')} + 1])`,
    `GotoIf($[${variable('ESSAI')} < ${tries}]?encore)`,
    ...(otherwise ? sendTo(otherwise) : ['Playback(goodbye)', 'Hangup()']),
    ...choices.flatMap(([key, target]) => labelled(label(key), sendTo(target))),
  ])
}
