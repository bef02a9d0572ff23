import { dialled } from './calls.ts'
import type { Place } from './conf.ts'
import { mayBeMissing } from './contexts.ts'
import { type Context, type DialPlan, type Extension, type Step, splitArgs, withIncludes } from './dial-plan.ts'
import { type Finding, finding, type Rule } from './model.ts'
import { takesNumber } from './patterns.ts'

const dialledNumber = `\${EXTEN}`

/** Applications that neither wait nor play anything: the call continues at the next priority at once. */
const silent = new Set(['noop', 'set', 'mset', 'verbose', 'log', 'goto', 'setvar', 'cdr_prop', 'ringing', 'progress'])

/** Jumps: to what does not exist, and in a circle. */
export const jumpRules: Rule = ({ plan }) =>
  [...plan.contexts.values()].flatMap((context) =>
    [...context.extensions.values()].flatMap((extension) => [
      ...extension.steps.flatMap((step) => missingTarget(plan, context, extension, step)),
      ...circle(plan, context, extension),
    ]),
  )

interface Target {
  readonly context: string
  readonly exten: string
  readonly priority: string
}

/** Where `Goto(...)` leads; undefined if a variable decides. */
function targetOf(args: string, context: string, exten: string): Target | undefined {
  const parts = splitArgs(args)
  const priority = parts.at(-1) ?? ''
  const target = { context: parts.at(-3) ?? context, exten: parts.at(-2) ?? exten, priority }
  const own = target.exten === dialledNumber ? exten : target.exten
  if (/\$[{[]/.test(`${target.context}${own}${priority}`)) return undefined
  // The number is known only when it is dialled.
  if (own.startsWith('_') && target.context !== context) return undefined
  return { ...target, exten: own }
}

function jumps(step: Step): string[] {
  if (step.app === 'goto' || step.app === 'gosub')
    return [step.app === 'gosub' ? step.args.replace(/(,[^,(]*)\(.*\)\s*$/, '$1') : step.args]
  if (step.app !== 'gotoif') return []
  // The condition may contain anything; the targets are behind its last question mark.
  const rest = step.args.slice(conditionEnd(step.args) + 1)
  return rest
    .split(':')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function conditionEnd(args: string): number {
  let depth = 0
  for (let at = 0; at < args.length; at += 1) {
    const sign = args[at] ?? ''
    if ('{['.includes(sign)) depth += 1
    else if ('}]'.includes(sign)) depth -= 1
    else if (sign === '?' && depth === 0) return at
  }
  return args.length
}

function missingTarget(plan: DialPlan, context: Context, extension: Extension, step: Step): Finding[] {
  return jumps(step).flatMap((args): Finding[] => {
    const target = targetOf(args, context.name, extension.pattern)
    if (!target) return []
    const place: Place = step
    const found = withIncludes(plan, target.context)
    if (found.length === 0) {
      if (mayBeMissing.test(target.context)) return []
      return [
        finding(
          'goto-missing',
          'failed',
          place,
          `the call goes to [${target.context}], which does not exist`,
          'Correct the name',
        ),
      ]
    }
    if (found.some(({ hasSwitch }) => hasSwitch)) return []
    const exact = found.flatMap((one) => one.extensions.get(target.exten) ?? [])
    const all = () => found.flatMap((one) => [...one.extensions.values()])
    const hasTarget = ({ steps }: Extension) =>
      steps.some(({ priority, label }) => String(priority) === target.priority || label === target.priority)
    if (exact.some(hasTarget)) return []
    const same = all().filter(
      ({ pattern }) => pattern.split('/')[0] === target.exten || takesNumber(pattern, target.exten),
    )
    const isThere = same.some(({ steps }) =>
      steps.some(({ priority, label }) => String(priority) === target.priority || label === target.priority),
    )
    if (isThere || (found.some((one) => mayBeMissing.test(one.name)) && same.length === 0)) return []
    const where = `${target.exten},${target.priority} in [${target.context}]`
    return [
      finding('goto-missing', 'failed', place, `the call goes to ${where}, which does not exist`, 'Correct the jump'),
    ]
  })
}

/** Follows what a call does by itself, without waiting; true if it comes back to where it was. */
function circle(plan: DialPlan, context: Context, extension: Extension): Finding[] {
  const seen = new Set<Step>()
  let [current, here]: [Extension | undefined, string] = [extension, context.name]
  let step: Step | undefined = extension.steps[0]
  while (current && step) {
    if (seen.has(step)) {
      if (!extension.steps.includes(step)) return []
      const reason = `a call to ${extension.pattern} in [${context.name}] runs in a circle without end`
      return [finding('dialplan-loop', 'failed', step, reason, 'Let one of the steps answer, wait or hang up')]
    }
    seen.add(step)
    if (step.app === 'goto') {
      const target = targetOf(step.args, here, current.pattern)
      if (!target) return []
      here = target.context
      current = find(plan, target)
      step = current?.steps.find(
        ({ priority, label }) => String(priority) === target.priority || label === target.priority,
      )
    } else if (silent.has(step.app)) step = current.steps[current.steps.indexOf(step) + 1]
    else return localCircle(plan, extension, context, step)
  }
  return []
}

/** A Local channel back into the same extension. */
function localCircle(plan: DialPlan, extension: Extension, context: Context, step: Step): Finding[] {
  const back = dialled(step).some((channel) => {
    const [, exten = '', name = ''] = /^Local\/([^@]+)@([^/]+)/i.exec(channel) ?? []
    return (
      find(plan, { context: name, exten: exten === dialledNumber ? extension.pattern : exten, priority: '1' }) ===
      extension
    )
  })
  if (!back) return []
  const reason = `${extension.pattern} in [${context.name}] dials itself by a Local channel, without end`
  return [finding('dialplan-loop', 'failed', step, reason, 'Dial the phone, or another number')]
}

function find(plan: DialPlan, { context, exten }: Target): Extension | undefined {
  const contexts = withIncludes(plan, context)
  const exact = contexts.flatMap((one) => one.extensions.get(exten) ?? [])[0]
  if (exact) return exact
  const extensions = contexts.flatMap((one) => [...one.extensions.values()])
  return (
    extensions.find(({ pattern }) => pattern === exten) ?? extensions.find(({ pattern }) => takesNumber(pattern, exten))
  )
}

/** Call forwarding from astDB: two phones that forward to each other make a call without end. */
export const forwardRules: Rule = (pbx) =>
  [...pbx.plan.contexts.values()].flatMap((context) =>
    [...context.extensions.values()].flatMap((extension): Finding[] => {
      const variables = extension.steps.flatMap(({ app, args }) =>
        app === 'set' && /=\s*\$\{(IF\(.*)?DB\(/.test(args) ? [/^\s*_{0,2}(\w+)/.exec(args)?.[1] ?? ''] : [],
      )
      const reads = (text: string) =>
        /\$\{DB\(/.test(text) || variables.some((name) => name !== '' && text.includes(`\${${name}`))
      const step = extension.steps.find(
        (one) =>
          dialled(one).some((channel) => /^Local\//i.test(channel) && reads(channel)) ||
          (one.app === 'goto' && splitArgs(one.args).length > 1 && reads(splitArgs(one.args).slice(-2).join(','))),
      )
      if (!step || extension.steps.some(({ app, args }) => app === 'set' && /^__?\w+\s*=.*\+\s*1/.test(args.trim())))
        return []
      const reason = `${extension.pattern} in [${context.name}] follows a forward without counting: 60 to 61 and 61 to 60 never ends`
      const how = `same => n,Set(__HOPS=$[0\${HOPS} + 1])\nsame => n,GotoIf($[\${HOPS} > 5]?end)`
      return [finding('hop-guard', 'failed', step, reason, how)]
    }),
  )
