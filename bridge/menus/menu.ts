import * as v from 'valibot'

const nodesMax = 200
const textCharsMax = 500
const name = v.pipe(v.string('a name'), v.regex(/^[a-z][a-z0-9-]{0,39}$/, 'a name in small letters'))
const extension = v.pipe(v.string('an extension'), v.regex(/^[0-9*#]{1,32}$/, 'an extension'))
const count = (from: number, to: number) => {
  const message = `a whole number from ${from} to ${to}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(from, message), v.maxValue(to, message))
}

/** Text to be spoken, with `{field}` for what was asked or found, or a sound by its name. */
const Part = v.union(
  [
    v.strictObject({ text: v.pipe(v.string(), v.minLength(1), v.maxLength(textCharsMax)) }),
    v.strictObject({ sound: name }),
  ],
  'a text or a sound',
)
export type Part = v.InferOutput<typeof Part>
const Prompt = v.strictObject({ fr: v.array(Part), en: v.array(Part) }, 'parts in fr and in en')

const Say = v.strictObject({ kind: v.literal('say'), prompt: name, next: name })
/** Digits end at `max`, at `#`, or after `interDigitMs` once there are `min`; `*` begins them anew. */
const Ask = v.pipe(
  v.strictObject({
    kind: v.literal('ask'),
    prompt: name,
    into: name,
    /** 0: `#` alone, or silence, is an answer. */
    min: count(0, 32),
    max: count(1, 32),
    /** A digit stops the prompt; else the digits count from the prompt's end on. */
    bargeIn: v.optional(v.boolean(), true),
    firstDigitMs: v.optional(count(500, 30_000), 6000),
    interDigitMs: v.optional(count(500, 30_000), 3000),
    tries: v.optional(count(1, 5), 3),
    /** Said before the prompt is said again. */
    again: name,
    next: name,
    /** Where the caller goes when the tries are used up. */
    failed: name,
  }),
  v.check(({ min, max }) => min <= max, 'min is at most max'),
)
/** The lookup's outcome chooses the node; `unknown` is also what a wrong PIN gets. */
const LookUp = v.strictObject({
  kind: v.literal('look-up'),
  matricule: name,
  pin: v.optional(name),
  /** Said while the answer is awaited, 1.5 s after the question and as often as it ends. */
  filler: name,
  found: name,
  unknown: name,
  locked: name,
  /** Outside the hours in which the site reads out marks. */
  closed: name,
  unavailable: name,
})
const Branch = v.strictObject({
  kind: v.literal('branch'),
  on: name,
  cases: v.record(v.string(), name),
  otherwise: name,
})
const Dial = v.strictObject({ kind: v.literal('dial'), context: v.string(), extension })
const HangUp = v.strictObject({ kind: v.literal('hang-up') })

const Node = v.variant('kind', [Say, Ask, LookUp, Branch, Dial, HangUp], 'say, ask, look-up, branch, dial or hang-up')
export type Node = v.InferOutput<typeof Node>

export const Menu = v.strictObject({
  extension,
  language: v.picklist(['fr', 'en'], 'fr or en'),
  start: name,
  nodes: v.pipe(
    v.record(name, Node),
    v.check((nodes) => Object.keys(nodes).length <= nodesMax, `at most ${nodesMax} nodes`),
  ),
  prompts: v.record(name, Prompt),
})
export type Menu = v.InferOutput<typeof Menu>
export type AskNode = Extract<Node, { kind: 'ask' }>
export type LookUpNode = Extract<Node, { kind: 'look-up' }>
