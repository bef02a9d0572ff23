import * as v from 'valibot'
import { isZone } from '../../../contracts/zone.ts'

/*
 * Every text of a site is written into a configuration file of Asterisk, where `;`, `,`, `[`, `$`, quotes and line ends have a
 * meaning. Each text therefore has the smallest possible alphabet, and no text is escaped.
 */
const text = (pattern: RegExp, wanted: string) => v.pipe(v.string(), v.regex(pattern, `must be ${wanted}`))

export const Name = text(/^[A-Za-z][A-Za-z0-9-]{0,31}$/, 'letters, digits and hyphens, at most 32')
export const Endpoint = text(/^[A-Za-z0-9-]{1,32}$/, 'letters, digits and hyphens, at most 32')
export const Digits = text(/^[0-9]{1,15}$/, '1 to 15 digits in quotes')
/** A number of a provider, as it arrives in an INVITE. */
export const OutsideNumber = text(/^\+?[0-9]{1,15}$/, '1 to 15 digits in quotes, with or without a + before them')
export const Extension = text(/^[1-9][0-9]{0,7}$/, '1 to 8 digits in quotes, the first not 0')
export const Person = text(/^[\p{L}\p{N}][\p{L}\p{N} .'-]{0,39}$/u, 'letters, digits, spaces, at most 40')
export const Host = text(/^[A-Za-z0-9.-]{1,253}$/, 'a host name or an IPv4 address')
export const HostAndPort = text(/^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$/, 'a host, with or without :PORT')
/** The user name that a provider gave. */
export const Account = text(/^[A-Za-z0-9+][A-Za-z0-9+._-]{0,63}$/, 'letters, digits, +, dots, hyphens, at most 64')
export const FilePath = text(/^\/[A-Za-z0-9._/-]{1,200}$/, 'an absolute path of letters, digits, dots, hyphens')
/** A sound file without its ending, such as `custom/welcome`. */
export const Sound = text(/^[A-Za-z0-9_][A-Za-z0-9_/-]{0,99}$/, 'a sound file without ending: letters, digits, /, -')
export const Language = text(/^[a-z]{2}(_[A-Z]{2})?$/, 'a language such as fr or en_GB')
export const Zone = v.pipe(v.string(), v.check(isZone, 'must be an IANA time zone, such as Europe/Paris'))
export const Time = text(/^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$/, 'a time such as "08:30", in quotes')
/** A day of the year or of one year. */
export const Holiday = text(
  /^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/,
  'a day such as "12-25" or "2027-04-05", in quotes',
)
export const Key = text(/^[0-9*]$/, 'a key of the phone in quotes: 0 to 9 or *')
/** A pattern of numbers in Asterisk's notation without the leading underscore. */
export const Pattern = text(
  /^(?:[0-9XZN]|\[[0-9](?:-?[0-9])*\])+[.]?$/,
  'digits, X, Z, N and [1-5], with or without a dot at the end, in quotes',
)
export const Prefix = text(/^[0-9]{1,4}$/, '1 to 4 digits in quotes')
export const WebSocketUrl = text(/^wss?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/[A-Za-z0-9._/-]*)?$/, 'ws://HOST:PORT/PATH')

const octet = '(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
const ipv4 = `${octet}(?:\\.${octet}){3}`
export const Ipv4 = text(new RegExp(`^${ipv4}$`), 'an IPv4 address')
export const Network = text(new RegExp(`^${ipv4}(/(3[0-2]|[12]?[0-9]))?$`), 'a network such as 192.168.0.0/16')

export const whole = (least: number, most: number) =>
  v.pipe(
    v.number('must be a number'),
    v.integer('must be whole'),
    v.minValue(least, `must be ${least} or more`),
    v.maxValue(most, `must be ${most} or less`),
  )
export const Port = whole(1, 65535)
export const YesNo = v.boolean('must be true or false')
export const oneOf = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, `must be one of ${values.join(', ')}`)
