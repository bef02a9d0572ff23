import * as v from 'valibot'
import { field } from './field.ts'

/** What the watch over calls to the outside takes as normal at a site; see docs/fraud.md. */

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** Words for what made calls suspicious. */
export const fraudReasons = [
  'new-destination',
  'premium',
  'satellite',
  'high-risk',
  'out-of-hours',
  'forwarded',
  'at-once',
  'burst',
  'prefixes-tried',
  'long',
  'cost',
  'several-extensions',
] as const
export type FraudReason = (typeof fraudReasons)[number]

const clock = v.pipe(
  v.string(),
  v.regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'Not a time of day, 00:00 to 24:00. Example: 08:30.'),
)
const Opening = v.pipe(
  v.strictObject({
    days: field(
      v.pipe(
        v.array(v.picklist(weekdays, 'Not a day. Example: mon.')),
        v.minLength(1, 'No day. Example: ["mon"].'),
        v.maxLength(7),
      ),
      'Days of the week.',
      ['mon', 'tue', 'wed', 'thu', 'fri'],
    ),
    from: field(clock, 'Local time at which people begin to call.', '08:00'),
    to: field(clock, 'Local time at which they stop; later than `from`. 24:00 is the end of the day.', '19:00'),
  }),
  v.check(({ from, to }) => from < to, '`to` must be later than `from`; write a night as two entries.'),
)
const country = v.pipe(
  v.string(),
  v.regex(/^[A-Z]{2}$/, 'Not a country of two capital letters (ISO 3166-1). Example: FR.'),
)
const Prices = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^\+[1-9]\d{0,10}$/, 'Not the beginning of a number in E.164. Example: +53.')),
    v.pipe(v.number(), v.minValue(0, 'Below 0.'), v.maxValue(1_000, 'Over 1000 a minute.')),
  ),
  v.check((prices) => Object.keys(prices).length <= 500, 'Too many prices: at most 500.'),
)

const setting = {
  watch: field(v.boolean(), 'Whether calls to the outside are watched. True by default.', true),
  hours: field(
    v.pipe(v.array(Opening), v.maxLength(20, 'Too many entries: at most 20.')),
    'When people of the site call, in its time zone; an empty list is always. Monday to Friday, 07:00 to 20:00, by default.',
    [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '07:00', to: '20:00' }],
  ),
  holidays: field(
    v.pipe(
      v.array(v.pipe(v.string(), v.regex(/^(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, 'Not a day. Example: 12-25.'))),
      v.maxLength(60, 'Too many days: at most 60.'),
    ),
    'Days (month-day) on which nobody calls. None by default.',
    ['12-25'],
  ),
  allowedCountries: field(
    v.pipe(v.array(country), v.maxLength(250, 'Too many countries: at most 250.')),
    'Countries that the site calls at any time (ISO 3166-1). Their premium numbers are watched all the same. None by default.',
    ['BE'],
  ),
  exempt: field(
    v.pipe(
      v.array(v.pipe(v.string(), v.regex(/^\d{1,6}(-\d{1,6})?$/, 'Not an extension or a range. Example: 1001-1005.'))),
      v.maxLength(500, 'Too many entries: at most 500.'),
    ),
    'Extensions that are not watched, such as a fax server, single or as ranges. None by default.',
    ['90'],
  ),
  maxCost: field(
    v.pipe(v.number(), v.minValue(1, 'Below 1.'), v.maxValue(1_000_000, 'Over 1000000.')),
    'Estimated cost of the calls of one extension in a day (UTC) from which on they are suspected, in the currency of `prices`; 200 by default.',
    200,
  ),
  maxMinutes: field(
    v.pipe(v.number(), v.integer('Not a whole number.'), v.minValue(1, 'Below 1.'), v.maxValue(1_440, 'Over 1440.')),
    'Minutes from which on one call to an expensive destination is suspected; 120 by default.',
    120,
  ),
  maxAtOnce: field(
    v.pipe(v.number(), v.integer('Not a whole number.'), v.minValue(2, 'Below 2.'), v.maxValue(1_000, 'Over 1000.')),
    'Calls abroad or to premium numbers at the same time, of one extension, from which on they are suspected; 8 by default.',
    8,
  ),
  prices: field(
    Prices,
    'Prices of a minute by the first digits in E.164; the longest beginning counts. They go before the built-in estimates.',
    { '+53': 0.9 },
  ),
}

/** Settings of the watch with their defaults. */
export const FraudSettings = v.object({
  watch: v.optional(setting.watch, true),
  hours: v.optional(setting.hours, [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '07:00', to: '20:00' }]),
  holidays: v.optional(setting.holidays, []),
  allowedCountries: v.optional(setting.allowedCountries, []),
  exempt: v.optional(setting.exempt, []),
  maxCost: v.optional(setting.maxCost, 200),
  maxMinutes: v.optional(setting.maxMinutes, 120),
  maxAtOnce: v.optional(setting.maxAtOnce, 8),
  prices: v.optional(setting.prices, {}),
})
export type FraudSettings = v.InferOutput<typeof FraudSettings>

/** A change: what is absent stays. */
export const FraudChange = v.partial(v.strictObject(setting))
