import * as v from 'valibot'

const nodesMax = 200
const textCharsMax = 500
const name = v.pipe(v.string('a name'), v.regex(/^[a-z][a-z0-9-]{0,39}$/, 'a name in small letters'))
const extension = v.pipe(v.string('an extension'), v.regex(/^[0-9*#]{1,32}$/, 'an extension'))
const count = (from: number, to: number) => {
  const message = `a whole number from ${from} to ${to}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(from, message), v.maxValue(to, message))
}

/** Text to speak, in which `{field}` stands for an answer or a part of the grade; or the name of a sound. */
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
/** An answer ends at `max` digits, at `#`, or `interDigitMs` after its last digit; `*` clears it. Fewer than `min` digits are a failed try. */
const Ask = v.pipe(
  v.strictObject({
    kind: v.literal('ask'),
    prompt: name,
    into: name,
    /** With 0, `#` alone or silence is a valid answer. */
    min: count(0, 32),
    max: count(1, 32),
    /** true: a digit stops the prompt. false: digits are ignored until the prompt has ended. */
    bargeIn: v.optional(v.boolean(), true),
    firstDigitMs: v.optional(count(500, 30_000), 6000),
    interDigitMs: v.optional(count(500, 30_000), 3000),
    tries: v.optional(count(1, 5), 3),
    /** Prompt that is played before the question is repeated. */
    again: name,
    next: name,
    /** Next node when no try is left. */
    failed: name,
  }),
  v.check(({ min, max }) => min <= max, 'min must not be greater than max'),
)
/** The lookup's outcome chooses the next node. A wrong PIN has the outcome `unknown` too. */
const LookUp = v.strictObject({
  kind: v.literal('look-up'),
  matricule: name,
  pin: v.optional(name),
  /** Prompt that is played 1.5 s after the lookup began, and again 1.5 s after its end while the lookup runs. */
  filler: name,
  found: name,
  unknown: name,
  locked: name,
  /** Next node outside the site's hours for lookups. */
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
