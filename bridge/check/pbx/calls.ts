import { last } from './conf.ts'
import { type Extension, type Step, splitArgs, withIncludes } from './dial-plan.ts'
import { type Finding, finding, hasMailbox, listsPhones, type Pbx, pjsipNamed, type Rule } from './model.ts'
import { costlyNumbers, isOpenEnded, outsidePrefixes, premiumNumbers, takesNumber } from './patterns.ts'
import { strangersContexts } from './sip.ts'

/** The channels that a step dials, such as `PJSIP/5860` of `Dial(PJSIP/5860&PJSIP/5861,20)`. */
export function dialled(step: Step): string[] {
  if (step.app !== 'dial') return []
  return (splitArgs(step.args)[0] ?? '').split('&').map((one) => one.trim())
}

/** Whether a step sends a number that was dialled to a line outside: `PJSIP/${EXTEN}@trunk`, `SIP/trunk/${EXTEN}`, `DAHDI/g0/...`. */
function leavesHouse(step: Step): boolean {
  if (/^(gosub|macro)$/.test(step.app) && /dialout-trunk/.test(step.args)) return true
  return dialled(step).some(
    (channel) =>
      /^(PJ)?SIP\/[^/@]*\$\{[^/]*@./i.test(channel) ||
      /^(SIP|IAX2?|H323|DAHDI|mISDN|Zap|OOH323)\/[^/]+\/.*\$\{/i.test(channel) ||
      /^PJSIP\/[^/@]+\/sip:.*\$\{/i.test(channel),
  )
}

/** Extensions that lead outside: patterns whose steps dial a line with the dialled number. */
function outsideExtensions(pbx: Pbx, start: string): Extension[] {
  return withIncludes(pbx.plan, start).flatMap(({ extensions }) =>
    [...extensions.values()].filter(({ pattern, steps }) => pattern.startsWith('_') && steps.some(leavesHouse)),
  )
}

/** Strangers, and the lines that cost money. */
export const strangerRules: Rule = (pbx) => {
  const found: Finding[] = []
  for (const { context, who, section, isGuest } of strangersContexts(pbx)) {
    const [outside] = outsideExtensions(pbx, context)
    const place = last(section, 'context') ?? section
    if (outside) {
      const reason = `${who} can dial out: [${context}] reaches ${outside.pattern} in [${outside.context}]`
      const how = 'Give such calls a context that has only your own numbers, and no include of outside calls'
      found.push(finding('dial-from-outside', 'failed', place, reason, how))
    } else if (
      isGuest &&
      withIncludes(pbx.plan, context).some(({ extensions }) => [...extensions.values()].some(rings))
    ) {
      const reason = `${who} can ring phones without a password, through [${context}]`
      const how =
        'Delete the endpoint anonymous, or set allowguest = no; give a provider an endpoint with type = identify'
      found.push(finding('guest-access', 'warning', place, reason, how))
    }
  }
  for (const context of pbx.plan.contexts.values())
    for (const { steps } of context.extensions.values())
      found.push(...steps.filter((one) => one.app === 'disa').map(disa))
  return found
}

const rings = ({ steps }: Extension) => steps.some((step) => /^(dial|queue|voicemail)$/.test(step.app))

function disa(step: Step): Finding {
  const isOpen = /^\s*no-password/i.test(step.args)
  const reason = isOpen
    ? 'whoever calls this number can dial out without a code (DISA)'
    : 'whoever finds the code can dial out (DISA)'
  return finding(
    'disa-open',
    isOpen ? 'failed' : 'warning',
    step,
    reason,
    'Delete DISA; let people call back by their own phone',
  )
}

/** Numbers that cost much. */
export const premiumRules: Rule = (pbx) =>
  [...pbx.plan.contexts.values()].flatMap((context) =>
    [...context.extensions.values()].flatMap((extension): Finding[] => {
      const { pattern, steps } = extension
      if (!pattern.startsWith('_') || !steps.some(leavesHouse) || isGuarded(steps)) return []
      const taken = premiumTaken(pattern, [...context.extensions.values()])
      if (taken === undefined) return []
      const reason = `${pattern} lets everyone dial ${taken}`
      const how = `Name the numbers that people need, such as _0[1-7]XXXXXXXX, or refuse the others before Dial:\nsame => n,GotoIf($[$\{REGEX("^(89|118)" $\{EXTEN:1})}]?refused)`
      return [finding('dial-premium', 'warning', extension, reason, how)]
    }),
  )

/** A step before the line that looks at the number, or asks for a code. */
function isGuarded(steps: readonly Step[]): boolean {
  const first = steps.findIndex(leavesHouse)
  return steps
    .slice(0, first)
    .some(
      ({ app, args }) => app === 'authenticate' || app === 'vmauthenticate' || (/REGEX\(/.test(args) && /if/.test(app)),
    )
}

function premiumTaken(pattern: string, neighbours: readonly Extension[]): string | undefined {
  const isRefused = (number: string) =>
    neighbours.some(
      (other) =>
        other.pattern !== pattern &&
        isNarrower(other.pattern, pattern) &&
        takesNumber(other.pattern, number) &&
        !other.steps.some(leavesHouse),
    )
  for (const prefix of outsidePrefixes) {
    // Fixed lengths are judged for numbers as they stand in a country's plan: with their leading 0.
    for (const { country, number } of premiumNumbers) {
      const whole = `${prefix}${number}`
      if (takesNumber(pattern, whole) && !isRefused(whole)) return `premium numbers of ${country}, such as ${whole}`
    }
    if (!isOpenEnded(pattern)) continue
    for (const number of costlyNumbers) {
      const whole = `${prefix}${number}`
      if (takesNumber(pattern, whole) && !isRefused(whole))
        return `satellite and costly foreign numbers, such as ${whole}`
    }
  }
  return undefined
}

/** Asterisk takes the pattern that fits more closely: a digit before a set, and a set before `.`. */
function isNarrower(one: string, other: string): boolean {
  const digits = (pattern: string) => (pattern.match(/^_?\d*/)?.[0] ?? '').length
  return digits(one) > digits(other) || !one.startsWith('_')
}

const filtered = `\${FILTER(0-9,\${EXTEN})}`

/** What a caller can put into a step. */
export const inputRules: Rule = (pbx) =>
  [...pbx.plan.contexts.values()].flatMap((context) =>
    [...context.extensions.values()].flatMap(({ pattern, steps }) =>
      steps.flatMap((step): Finding[] => {
        const runs = /^(system|trysystem)$/.test(step.app) || /\$\{SHELL\(/i.test(step.args)
        if (runs && /\$\{(EXTEN|CALLERID\((name|all|num)?\)?|ARG\d)/i.test(unfiltered(step.args))) {
          const reason = 'the caller chooses a part of a command line: a caller ID such as $(reboot) runs it'
          return [finding('shell-input', 'failed', step, reason, `Use ${filtered}, or CURL() to a server`)]
        }
        if (isOpenEnded(pattern) && dialled(step).some((one) => /\$\{EXTEN/.test(unfiltered(one)))) {
          const reason = `${pattern} takes every sign: dialling 0&SIP/other reaches another channel`
          return [finding('dial-unfiltered', 'warning', step, reason, `Dial ${filtered}`)]
        }
        return []
      }),
    ),
  )

/** The text without what FILTER lets through. */
const unfiltered = (text: string) => text.replace(/\$\{FILTER\([^}]*\}[^}]*\}/g, '')

/** Phones, mailboxes and queues that the dial plan names and that do not exist. */
export const nameRules: Rule = (pbx) =>
  [...pbx.plan.contexts.values()].flatMap((context) =>
    [...context.extensions.values()].flatMap(({ steps }) =>
      steps.flatMap((step) => [...missingPhones(pbx, step), ...missingBoxes(pbx, step), ...missingQueue(pbx, step)]),
    ),
  )

function missingPhones(pbx: Pbx, step: Step): Finding[] {
  if (!listsPhones(pbx)) return []
  return dialled(step).flatMap((channel): Finding[] => {
    const [, user = '', trunk] = /^PJSIP\/([^/@]+)(?:@([^/]+))?$/i.exec(channel) ?? []
    const name = trunk ?? user
    if (name === '' || name.includes('${') || pjsipNamed(pbx, 'endpoint', name)) return []
    return [
      finding(
        'dial-missing',
        'failed',
        step,
        `pjsip.conf has no endpoint ${name}, which this dials`,
        'Correct the name',
      ),
    ]
  })
}

function missingBoxes(pbx: Pbx, step: Step): Finding[] {
  const conf = pbx.conf('voicemail.conf')
  if (!conf || !/^voicemail(main)?$/.test(step.app)) return []
  return (splitArgs(step.args)[0] ?? '').split('&').flatMap((box): Finding[] => {
    const [number = '', context = 'default'] = box.trim().split('@')
    if (!/^\d+$/.test(number) || context.includes('${')) return []
    if (hasMailbox(conf, number, context)) return []
    const how = `In voicemail.conf, below [${context}]:\n${number} => (PIN),(name)`
    return [finding('mailbox-missing', 'failed', step, `voicemail.conf has no mailbox ${number} in [${context}]`, how)]
  })
}

function missingQueue(pbx: Pbx, step: Step): Finding[] {
  const conf = pbx.conf('queues.conf')
  const name = splitArgs(step.args)[0] ?? ''
  if (!conf || step.app !== 'queue' || name === '' || name.includes('${')) return []
  if (conf.sections.some((one) => one.name === name && !one.isTemplate)) return []
  return [finding('queue-missing', 'failed', step, `queues.conf has no queue ${name}`, `In queues.conf:\n[${name}]`)]
}

/** Members of queues that do not exist, and mailboxes that phones name. */
export const memberRules: Rule = (pbx) => {
  const members = (pbx.conf('queues.conf')?.sections ?? []).flatMap(({ settings }) =>
    settings.filter(({ name }) => name === 'member'),
  )
  const lost = members.flatMap((setting): Finding[] => {
    const name = /^PJSIP\/([^,/@]+)/i.exec(setting.value)?.[1]?.trim()
    if (!listsPhones(pbx) || name === undefined || pjsipNamed(pbx, 'endpoint', name)) return []
    return [
      finding(
        'queue-missing',
        'failed',
        setting,
        `pjsip.conf has no endpoint ${name}, a member here`,
        'Correct the name',
      ),
    ]
  })
  const voicemail = pbx.conf('voicemail.conf')
  const boxes = [...pbx.pjsip('aor'), ...pbx.pjsip('endpoint')].flatMap(({ settings }) =>
    settings.filter(({ name }) => name === 'mailboxes'),
  )
  const strangers = boxes.flatMap((setting) =>
    setting.value.split(',').flatMap((box): Finding[] => {
      const [number = '', context = 'default'] = box.trim().split('@')
      if (!voicemail || !/^\d+$/.test(number)) return []
      if (hasMailbox(voicemail, number, context)) return []
      return [
        finding(
          'mailbox-missing',
          'failed',
          setting,
          `voicemail.conf has no mailbox ${number} in [${context}]`,
          'Correct the name',
        ),
      ]
    }),
  )
  return [...lost, ...strangers]
}
