import { type PersonalArea, personalAreas, type Scope } from '../../contracts/scopes.ts'

/** A recipient of data: a key, a socket or a webhook. */
export interface Reader {
  scopes: ReadonlySet<Scope> | readonly string[]
}

export function seesPersonal(reader: Reader, area: PersonalArea): boolean {
  const scope = personalAreas[area]
  return 'has' in reader.scopes ? reader.scopes.has(scope) : reader.scopes.includes(scope)
}

/** Replaces what the reader may not see. */
export const hidden = '…'
/** Replaces what was erased, for every reader. */
export const erased = '(erased)'

/** Longer numbers are outside numbers. Their last two digits are shown, so that two people can check that they mean the same call. */
const shortNumberMax = 6

function maskNumber(number: string): string {
  return number.length > shortNumberMax ? hidden + number.slice(-2) : hidden
}

/** Keeps a channel such as `PJSIP/5860-0000001a`, which names a device of the site; other channel names may contain a number. */
function maskChannel(channel: string): string {
  const [, device] =
    /^((?:PJSIP|SIP|IAX2|DAHDI)\/[A-Za-z][\w.-]*|(?:PJSIP|SIP)\/\d{1,6})(-[0-9a-f]+)?$/.exec(channel) ?? []
  if (device) return channel
  const slash = channel.indexOf('/')
  return slash < 0 ? hidden : `${channel.slice(0, slash)}/${hidden}`
}

/** Shows an extension of the site, which is a device's; hides another number. */
function maskExtension(number: string): string {
  return number.length > shortNumberMax ? maskNumber(number) : number
}

/** How each kind of field is hidden. An empty or erased text is not changed. */
const kinds = {
  number: maskNumber,
  extension: maskExtension,
  name: () => hidden,
  /** Free text, which may contain a number or a name. */
  text: () => hidden,
  channel: maskChannel,
  mark: () => hidden,
} as const satisfies Record<string, (text: string) => string>
export type PersonalKind = keyof typeof kinds

export function maskText(kind: PersonalKind, text: string): string {
  return text === '' || text === erased ? text : kinds[kind](text)
}

/** The personal fields of `T` by kind; a field that is an object or a list of objects has a shape of its own. */
export type PersonalShape<T> = {
  [K in keyof T]?:
    | PersonalKind
    | (NonNullable<T[K]> extends readonly (infer Item)[] ? PersonalShape<Item> : PersonalShape<T[K]>)
}

const knownOf = new WeakMap<object, ReadonlySet<string>>()

/** Returns a shape that also hides every text field that is not `known`, since a PBX may write anything into its own fields. */
export function hidingOthers<T>(shape: PersonalShape<T> & object, known: readonly string[]): PersonalShape<T> {
  knownOf.set(shape, new Set(known))
  return shape
}

/** Returns a copy with the personal fields hidden, or the value itself if the reader may see them. */
export function mask<T extends object>(reader: Reader, area: PersonalArea, shape: PersonalShape<T>, value: T): T {
  return seesPersonal(reader, area) ? value : hide(shape, value)
}

export function hide<T extends object>(shape: PersonalShape<T>, value: T): T {
  const copy = { ...value }
  for (const key in shape) {
    const how = shape[key]
    if (how !== undefined && key in value) Object.assign(copy, { [key]: hideField(how, value[key]) })
  }
  const known = knownOf.get(shape)
  for (const [key, field] of known ? Object.entries(value) : []) {
    if (!known?.has(key) && typeof field === 'string') Object.assign(copy, { [key]: maskText('text', field) })
  }
  return copy
}

function hideField(how: unknown, field: unknown): unknown {
  if (Array.isArray(field)) return field.map((item) => hideField(how, item))
  if (typeof how === 'object' && how !== null)
    return typeof field === 'object' && field !== null ? hide(how, field) : field
  if (typeof how !== 'string' || field === undefined || field === null) return field
  return maskText(isKind(how) ? how : 'text', String(field))
}

function isKind(text: string): text is PersonalKind {
  return Object.hasOwn(kinds, text)
}
