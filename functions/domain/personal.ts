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
  /** Ids, times, states and names of devices, which everybody sees who may read the object. */
  shown: (text: string) => text,
  number: maskNumber,
  extension: maskExtension,
  name: () => hidden,
  /** Free text, which may contain a number or a name. */
  text: () => hidden,
  channel: maskChannel,
  mark: () => hidden,
} as const satisfies Record<string, (text: string) => string>
/** `omitted` fields are left out: their names, too, may be personal. */
export type PersonalKind = keyof typeof kinds | 'omitted'

export function maskText(kind: keyof typeof kinds, text: string): string {
  return text === '' || text === erased ? text : kinds[kind](text)
}

/**
 * The fields of `T` by kind; a field that is an object or a list of objects has a shape of its own. Every field must be listed, and
 * `hide` hides any other: an object may have fields that a PBX or a later bridge adds.
 */
export type PersonalShape<T> = {
  readonly [K in keyof T as string extends K ? never : number extends K ? never : K]-?: ShapeOf<NonNullable<T[K]>>
}
type ShapeOf<V> = V extends readonly (infer Item)[]
  ? ShapeOf<NonNullable<Item>>
  : V extends object
    ? 'omitted' | PersonalShape<V>
    : PersonalKind

/** Returns a copy with the personal fields hidden, or the value itself if the reader may see them. */
export function mask<T extends object>(reader: Reader, area: PersonalArea, shape: PersonalShape<T>, value: T): T {
  return seesPersonal(reader, area) ? value : hide(shape, value)
}

export function hide<T extends object>(shape: PersonalShape<T>, value: T): T {
  const hows: Readonly<Record<string, unknown>> = shape
  const copy = { ...value }
  for (const [name, field] of Object.entries(value)) {
    const how = Object.hasOwn(hows, name) ? hows[name] : undefined
    if (how === 'omitted') Reflect.deleteProperty(copy, name)
    else Object.assign(copy, { [name]: hideField(how, field) })
  }
  return copy
}

function hideField(how: unknown, field: unknown): unknown {
  if (field === undefined || field === null || typeof field === 'boolean') return field
  if (how !== undefined && Array.isArray(field)) return field.map((item) => hideField(how, item))
  if (typeof field === 'object') return typeof how === 'object' && how !== null ? hide(how, field) : hidden
  if (how === 'shown') return field
  return maskText(isKind(how) ? how : 'text', String(field))
}

function isKind(how: unknown): how is keyof typeof kinds {
  return typeof how === 'string' && Object.hasOwn(kinds, how)
}
