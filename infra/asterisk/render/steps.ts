import type { TargetOfCall } from '../site/schema.ts'

/** Returns Asterisk's notation for the value of a variable. */
export const variable = (name: string) => `\${${name}}`

/** Renders an extension: its applications in their order. One that begins with `(label)` has a label. */
export function steps(pattern: string, applications: readonly string[]): string {
  const lines = applications.map((application, index) => {
    const start = index === 0 ? `exten => ${pattern},1` : '  same => n'
    return application.startsWith('(') ? `${start}${application}` : `${start},${application}`
  })
  return `${lines.join('\n')}\n`
}

/** Sends a call on to a number of the site or to a mailbox. The caller's record then has that number. */
export function sendTo(target: TargetOfCall): string[] {
  if (target.extension !== undefined) return [`Goto(internes,${target.extension},1)`]
  return [`VoiceMail(${target.mailbox}@voicemail,u)`, 'Hangup()']
}

/** The same, with a label at the first step. */
export function labelled(label: string, applications: readonly string[]): string[] {
  const [first = 'NoOp()', ...rest] = applications
  return [`(${label})${first.startsWith('(') ? first : `,${first}`}`, ...rest]
}
