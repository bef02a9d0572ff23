import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { type Document, parseDocument } from 'yaml'
import { SiteInvalidError } from './errors.ts'

/*
 * Every text of a site is written into a configuration file of Asterisk, where `;`, `,`, `[`, `$`, quotes and line ends have a
 * meaning. Each text therefore has the smallest possible alphabet, and no text is escaped.
 */
const Name = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/, 'must be letters, digits and hyphens, at most 32'),
)
const Endpoint = v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,32}$/, 'must be letters, digits and hyphens, at most 32'))
const Digits = v.pipe(v.string(), v.regex(/^[0-9]{1,15}$/, 'must be 1 to 15 digits in quotes'))
const Extension = v.pipe(v.string(), v.regex(/^[1-9][0-9]{0,7}$/, 'must be 1 to 8 digits in quotes, the first not 0'))
const Person = v.pipe(
  v.string(),
  v.regex(/^[\p{L}\p{N}][\p{L}\p{N} .'-]{0,39}$/u, 'must be letters, digits, spaces, at most 40'),
)
const Host = v.pipe(v.string(), v.regex(/^[A-Za-z0-9.-]{1,253}$/, 'must be a host name or an IPv4 address'))
const Port = v.pipe(
  v.number('must be a number'),
  v.integer('must be whole'),
  v.minValue(1, 'must be 1 or more'),
  v.maxValue(65535, 'must be 65535 or less'),
)
const seconds = (least: number, most: number) =>
  v.pipe(
    v.number('must be a number'),
    v.integer('must be whole'),
    v.minValue(least, `must be ${least} or more`),
    v.maxValue(most, `must be ${most} or less`),
  )

const ExtensionEntry = v.strictObject({
  /** The number that colleagues dial. */
  number: Extension,
  /** The phone's SIP account, `PJSIP/<endpoint>`. */
  endpoint: Endpoint,
  name: Person,
  /** Mailbox in the voicemail context `voicemail`. Without one, an unanswered call ends with the phone's status. */
  mailbox: v.optional(Digits),
})

const Trunk = v.strictObject({
  name: Endpoint,
  host: Host,
  port: v.optional(Port, 5060),
  stripDigits: v.optional(seconds(0, 3), 1),
  qualifySeconds: v.optional(seconds(0, 3600), 30),
  numbers: v.optional(v.array(v.strictObject({ number: Digits, extension: Extension })), []),
})

/** A number that rings several phones at the same time; the first phone that answers gets the call. */
const Group = v.strictObject({
  number: Extension,
  extensions: v.pipe(v.array(Extension), v.minLength(2, 'must name two extensions or more')),
})

export const SiteSchema = v.pipe(
  v.strictObject({
    site: Name,
    systemName: Name,
    ringSeconds: v.optional(seconds(1, 300), 20),
    qualifySeconds: v.optional(seconds(0, 3600), 15),
    extensions: v.pipe(v.array(ExtensionEntry), v.minLength(1, 'must have one entry or more')),
    groups: v.optional(v.array(Group), []),
    /** Numbers of the voice menus that the bridge runs. */
    menus: v.optional(v.array(Extension), []),
    /** Whether both parties may transfer a call by keys: ## blind, *2 attended. Phones can always transfer by SIP. */
    transferKeys: v.optional(v.boolean('must be true or false'), false),
    trunk: v.optional(Trunk),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { extensions, groups, trunk, menus } = dataset.value
    const twice = (what: string, values: readonly (string | undefined)[]) => {
      const repeated = values.filter((value, index) => value !== undefined && values.indexOf(value) !== index)
      if (repeated.length > 0) addIssue({ message: `each ${what} may appear only once` })
    }
    twice('extension number', [...[...extensions, ...groups].map(({ number }) => number), ...menus])
    twice('endpoint', [...extensions.map(({ endpoint }) => endpoint), trunk?.name])
    twice(
      'mailbox',
      extensions.map(({ mailbox }) => mailbox),
    )
    twice('trunk number', trunk?.numbers.map(({ number }) => number) ?? [])
    const known = new Set(extensions.map(({ number }) => number))
    if (trunk?.numbers.some(({ extension }) => !known.has(extension)))
      addIssue({ message: 'each trunk number must name an extension of the list' })
    if (groups.some((group) => group.extensions.some((extension) => !known.has(extension))))
      addIssue({ message: 'each group must name extensions of the list' })
  }),
)

/** A telephone system as described in `site.yaml`. */
export type Site = v.InferOutput<typeof SiteSchema>
export type ExtensionOfSite = Site['extensions'][number]
export type GroupOfSite = Site['groups'][number]
export type TrunkOfSite = NonNullable<Site['trunk']>

/**
 * Parses a site from YAML; the error names the file `name`.
 *
 * @throws SiteInvalidError with every invalid key
 */
export function parseSite(text: string, name = 'site.yaml'): Site {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    // Keep only the first line: the others quote the source.
    throw new SiteInvalidError(
      name,
      document.errors.map((error) => error.message.split('\n')[0] ?? 'it is not YAML'),
    )
  }
  return checkSite(valuesOf(document, name), name)
}

function valuesOf(document: Document, name: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    // An unknown alias, or aliases that expand without limit.
    if (error instanceof ReferenceError)
      throw new SiteInvalidError(name, ['an alias is unknown or expands without limit'])
    throw error
  }
}

/** Validates a parsed site. @throws SiteInvalidError */
export function checkSite(value: unknown, name = 'the site'): Site {
  const result = v.safeParse(SiteSchema, value)
  if (result.success) return result.output
  throw new SiteInvalidError(
    name,
    result.issues.map((issue) => {
      const path = v.getDotPath(issue)
      return path === null ? issue.message : `${path} ${wording(issue)}`
    }),
  )
}

/** Reads a site from a file. @throws SiteInvalidError, or the system's error if the file cannot be read */
export async function readSite(file: string): Promise<Site> {
  return parseSite(await readFile(file, 'utf8'), file)
}

function wording(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'never') return 'is not a known key'
  if (issue.received === 'undefined') return 'is missing'
  // Replace valibot's messages, since they quote the value.
  return issue.message.startsWith('Invalid') ? `must be ${issue.expected ?? 'valid'}` : issue.message
}
