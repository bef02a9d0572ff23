import { sectionOf } from './conf.ts'
import { type DialPlan, withIncludes } from './dial-plan.ts'
import { type Finding, finding, type Pbx, type Rule } from './model.ts'

/** Contexts: missing, unreachable, including each other. */
export const contextRules: Rule = (pbx) => [
  ...missingContexts(pbx),
  ...includeLoops(pbx.plan),
  ...unreachable(pbx),
  ...repeated(pbx.plan),
]

/** FreePBX includes contexts for changes by hand that may not exist; res_parking makes its own. */
export const mayBeMissing = /-custom$|-custom-|^(app|ext|sub|macro|from)-|^parkedcalls/

function missingContexts(pbx: Pbx): Finding[] {
  const { contexts } = pbx.plan
  if (!pbx.conf('extensions.conf')) return []
  const includes = [...contexts.values()].flatMap((context) =>
    context.includes.flatMap((include): Finding[] => {
      if (contexts.has(include.name) || mayBeMissing.test(include.name) || include.name.includes('${')) return []
      return [
        finding(
          'context-missing',
          'warning',
          include,
          `[${context.name}] includes [${include.name}], which does not exist`,
          'Correct the name',
        ),
      ]
    }),
  )
  const settings = ['pjsip.conf', 'sip.conf', 'iax.conf'].flatMap((name) =>
    (pbx.conf(name)?.sections ?? []).flatMap(({ settings }) => settings.filter((one) => one.name === 'context')),
  )
  const seen = new Set<string>()
  const endpoints = settings.flatMap((setting): Finding[] => {
    const name = setting.value.trim()
    const key = `${setting.file}:${setting.line}`
    // The context of a template stands in each section that uses it.
    if (contexts.has(name) || seen.has(key) || mayBeMissing.test(name)) return []
    seen.add(key)
    return [
      finding(
        'context-missing',
        'failed',
        setting,
        `calls begin in [${name}], which extensions.conf does not have`,
        'Correct the name',
      ),
    ]
  })
  return [...includes, ...endpoints]
}

function includeLoops(plan: DialPlan): Finding[] {
  return [...plan.contexts.values()].flatMap((context) => {
    const loop = context.includes.find(
      ({ name }) => name === context.name || withIncludes(plan, name).some((one) => one.name === context.name),
    )
    if (!loop) return []
    return [
      finding(
        'context-loop',
        'failed',
        loop,
        `[${context.name}] includes itself through [${loop.name}]`,
        'Delete one of the includes',
      ),
    ]
  })
}

/** Contexts in which calls begin without being named: of the API, of features, of generated dial plans. */
const entries =
  /^(default|general|globals|click2call|renvoi-api|parkedcalls.*|from-.*|macro-.*|sub-.*|ext-.*|app-.*|func-.*|ivr-.*|timeconditions.*|outbound-.*|outrt-.*|.*-custom|stdexten|dundi-.*|demo|public)$/

function unreachable(pbx: Pbx): Finding[] {
  // Without the phones' file nobody knows where calls begin.
  if (!['pjsip.conf', 'sip.conf'].some((name) => pbx.conf(name))) return []
  const isGenerated = [...pbx.files.keys()].some((name) => /_additional\.conf$/.test(name))
  if (isGenerated) return []
  const words = new Map<string, number>()
  for (const text of pbx.files.values())
    for (const [word] of text.replace(/^\s*;.*$/gm, '').matchAll(/[\w-]+/g)) words.set(word, (words.get(word) ?? 0) + 1)
  return [...pbx.plan.contexts.values()].flatMap((context): Finding[] => {
    const heads = sectionOf(pbx.conf('extensions.conf'), context.name.toLowerCase()) ? 1 : 0
    if (entries.test(context.name) || (words.get(context.name) ?? 0) > heads) return []
    const reason = `no call reaches [${context.name}]: nothing includes it, jumps to it or begins in it`
    return [finding('context-unreachable', 'warning', context, reason, 'Include it where it is needed, or delete it')]
  })
}

function repeated({ repeated: all }: DialPlan): Finding[] {
  return all.map(({ text, ...place }) =>
    finding(
      'exten-repeated',
      'failed',
      place,
      `${text} is given twice: Asterisk ignores the second`,
      'Number the steps with n',
    ),
  )
}
