import type { Conf, Place } from './conf.ts'

/** One priority of an extension. */
export interface Step extends Place {
  readonly priority: number
  readonly label: string | undefined
  readonly app: string
  readonly args: string
}

/** A number or pattern of a context, with its steps in order. */
export interface Extension extends Place {
  readonly context: string
  readonly pattern: string
  readonly steps: readonly Step[]
  readonly hints: readonly string[]
}

export interface Context extends Place {
  readonly name: string
  readonly extensions: ReadonlyMap<string, Extension>
  readonly includes: readonly (Place & { readonly name: string })[]
  /** A context with `switch` or `lswitch` looks numbers up elsewhere. */
  readonly hasSwitch: boolean
}

export interface DialPlan {
  readonly contexts: ReadonlyMap<string, Context>
  /** Priorities that are given twice. */
  readonly repeated: readonly (Place & { readonly text: string })[]
}

interface OpenExtension extends Place {
  context: string
  pattern: string
  steps: Step[]
  hints: string[]
}

interface OpenContext extends Place {
  name: string
  extensions: Map<string, OpenExtension>
  includes: (Place & { name: string })[]
  hasSwitch: boolean
}

/** Reads a dial plan of extensions.conf: `exten`, `same`, `include`, labels, `n`, `n+1`, `s`, caller IDs and hints. */
export function readDialPlan(conf: Conf | undefined): DialPlan {
  const contexts = new Map<string, OpenContext>()
  const repeated: (Place & { text: string })[] = []
  for (const { name, isTemplate, settings, file, line } of conf?.sections ?? []) {
    if (isTemplate || /^(general|globals)$/i.test(name)) continue
    const known = contexts.get(name)
    const context: OpenContext = known ?? { name, file, line, extensions: new Map(), includes: [], hasSwitch: false }
    contexts.set(name, context)
    let current: OpenExtension | undefined
    let previous = 0
    for (const setting of settings) {
      const place = { file: setting.file, line: setting.line }
      if (setting.name === 'include') {
        const [included = ''] = setting.value.split(/[,|]/)
        context.includes.push({ ...place, name: included.trim() })
      }
      if (/^(e|l|)switch$/.test(setting.name)) context.hasSwitch = true
      const parsed = entryOf(setting.name, setting.value, current?.pattern)
      if (!parsed) continue
      const { pattern, priority, label, call } = parsed
      if (pattern !== current?.pattern) previous = 0
      const extension: OpenExtension = context.extensions.get(pattern) ?? {
        ...place,
        context: name,
        pattern,
        steps: [],
        hints: [],
      }
      context.extensions.set(pattern, extension)
      current = extension
      if (priority === 'hint') {
        extension.hints.push(call)
        continue
      }
      const number = priorityOf(priority, previous)
      if (extension.steps.some((step) => step.priority === number))
        repeated.push({ ...place, text: `${pattern},${number} in [${name}]` })
      previous = number
      const [, app = '', args = ''] = /^\s*([\w-]+)\s*(?:\(([\s\S]*)\))?\s*$/.exec(call) ?? []
      extension.steps.push({ ...place, priority: number, label, app: app.toLowerCase(), args })
    }
  }
  return { contexts, repeated }
}

function priorityOf(priority: string, previous: number): number {
  if (/^n(\+\d+)?$/.test(priority)) return previous + Number(priority.slice(2) || 1)
  return priority === 's' ? previous : Number(priority)
}

function entryOf(name: string, value: string, current: string | undefined) {
  if (name !== 'exten' && name !== 'same') return undefined
  const rest = name === 'same' ? `${current ?? ''},${value}` : value
  const found = /^\s*([^,]*?)\s*,\s*(hint|\d+|n(?:\+\d+)?|s)\s*(?:\(([^)]*)\))?\s*,\s*([\s\S]*)$/i.exec(rest)
  if (!found) return undefined
  const [, pattern = '', priority = '', label, call = ''] = found
  return { pattern, priority: priority.toLowerCase(), label, call }
}

/** The contexts that a call in `start` can reach by `include`, itself first. */
export function withIncludes(plan: DialPlan, start: string): Context[] {
  const seen = new Set<string>()
  const visit = (name: string): Context[] => {
    const context = plan.contexts.get(name)
    if (!context || seen.has(name)) return []
    seen.add(name)
    return [context, ...context.includes.flatMap((include) => visit(include.name))]
  }
  return visit(start)
}

/** Splits the arguments of an application at commas outside of brackets and quotes. */
export function splitArgs(args: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let from = 0
  for (let at = 0; at < args.length; at += 1) {
    const sign = args[at] ?? ''
    if (sign === '"') quoted = !quoted
    else if (quoted) continue
    else if ('({['.includes(sign)) depth += 1
    else if (')}]'.includes(sign)) depth -= 1
    else if (sign === ',' && depth === 0) {
      parts.push(args.slice(from, at))
      from = at + 1
    }
  }
  return [...parts, args.slice(from)].map((part) => part.trim())
}
