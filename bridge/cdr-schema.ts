import * as v from 'valibot'
import { namesIn } from '../contracts/cdr-row/layout.ts'
import { field } from '../contracts/field.ts'
import { isRealTime } from '../contracts/names.ts'
import { matching, port, text } from './schema-parts.ts'

const layoutWanted =
  'the mapping line of cdr_custom.conf, or the names of the columns, such as start,src,dst,duration,billsec,disposition,uniqueid'

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

/** The variable of the environment with the password of `cdr.database`. */
export const cdrPasswordVariable = 'SWITCHHOOK_CDR_PASSWORD'

const tableName = /^[A-Za-z_][A-Za-z0-9_$]{0,63}(\.[A-Za-z_][A-Za-z0-9_$]{0,63})?$/
const day = 'a date such as 2026-11-24'
const isDay = (text: string) => isRealTime(`${text}T00:00:00Z`)

const CdrDatabase = v.strictObject(
  {
    type: field(
      v.picklist(['mysql', 'postgresql'], 'mysql (also for MariaDB) or postgresql'),
      '`mysql`, also for MariaDB, or `postgresql`.',
      'mysql',
    ),
    host: v.optional(field(text("the database's address"), 'Its address.'), '127.0.0.1'),
    port: v.optional(field(port(1), 'Its port; 3306 for `mysql` and 5432 for `postgresql` by default.', 3306)),
    socket: v.optional(
      field(
        text('a path'),
        'A socket in place of address and port; for `postgresql` the folder of it.',
        '/run/mysqld/mysqld.sock',
      ),
    ),
    name: field(text('the name of the database'), 'Name of the database.', 'asteriskcdrdb'),
    table: v.optional(
      field(matching(tableName, 'the name of a table, such as cdr'), 'The table of call records.'),
      'cdr',
    ),
    user: field(
      text('a user who may read the table'),
      'A user with the right SELECT on the table alone.',
      'switchhook',
    ),
    passwordFile: v.optional(
      field(
        text('a file with the password'),
        `A file with its password; by default the variable \`${cdrPasswordVariable}\` of the environment.`,
        '/etc/switchhook/cdr-password',
      ),
    ),
    caFile: v.optional(
      field(
        text('a certificate in PEM'),
        'Certificate (PEM) of the authority that signed that of the database: then the connection is encrypted, and the database verified.',
      ),
    ),
    since: v.optional(
      field(
        v.pipe(v.string(day), v.regex(/^[1-9]\d{3}-\d\d-\d\d$/, day), v.check(isDay, day)),
        'Calls that began before this day are left out, by the clock of the table. By default the whole table is sent.',
        '2026-11-24',
      ),
    ),
  },
  'an object',
)

const CdrKeys = v.strictObject(
  {
    file: v.optional(
      field(
        text('the file that cdr_custom or cdr_csv writes'),
        'The file of call records: a CSV mapping, JSON lines or `Master.csv`, recognised record by record. Either this or `cdr.database` is needed.',
        '/var/log/asterisk/cdr-custom/switchhook.csv',
      ),
    ),
    database: v.optional(
      field(
        CdrDatabase,
        'A table of call records, where Asterisk writes no file ([install.md](install.md#call-records-from-a-database)).',
      ),
    ),
    zone: v.optional(
      field(
        v.pipe(v.string('an IANA zone'), v.check(isZone, 'an IANA zone, such as Europe/Paris')),
        'Time zone of times without an offset; that of this machine by default. `UTC` for a `Master.csv` with `usegmtime = yes`.',
        'Europe/Paris',
      ),
    ),
    layout: v.optional(
      field(
        v.pipe(
          v.string(layoutWanted),
          v.maxLength(10_000, layoutWanted),
          v.check((line) => namesIn(line) !== undefined, layoutWanted),
          v.transform(namesIn),
        ),
        'The columns of CSV records, if they are not recognised: the mapping line of `cdr_custom.conf`, or the names with commas.',
        'start,src,dst,duration,billsec,disposition,uniqueid',
      ),
    ),
  },
  'an object',
)

/** One source: two would send each call twice, with other columns. */
export const Cdr = v.pipe(
  CdrKeys,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { value: input } = dataset
    const at = (key: 'file' | 'database'): [v.ObjectPathItem] => [
      { type: 'object', origin: 'value', input: { ...input }, key, value: input[key] },
    ]
    if (input.file === undefined && input.database === undefined) {
      addIssue({ message: 'given', received: 'undefined', path: at('file') })
    }
    if (input.file !== undefined && input.database !== undefined) {
      addIssue({ message: 'left out, or cdr.file: one of them is read', path: at('database') })
    }
  }),
)
