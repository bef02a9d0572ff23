import type { ExtensionOfSite } from '../site.ts'
import { steps, variable } from './steps.ts'

/** How long a phone rings, and further options of Dial. */
export interface Ring {
  readonly seconds: number
  readonly options: string
}

/**
 * Renders the extension `dialled`: it rings one phone and then its mailbox, or follows the call forwarding in astDB. An offline
 * phone is not dialled, because Asterisk would log two errors. Without a mailbox the extension ends with Dial, and Asterisk sends
 * the caller the status of the call. A further step, even Hangup, would write a second call record, so only extensions with
 * forwarding after Dial have one.
 */
export function ringExtension(dialled: string, to: ExtensionOfSite, ring: Ring): string {
  const absent = `$["${variable(`DEVICE_STATE(PJSIP/${to.endpoint})`)}" = "UNAVAILABLE"]`
  const dial = `Dial(PJSIP/${to.endpoint},${ring.seconds}${ring.options})`
  const stored = (family: string) => variable(`DB(${family}/${to.number})`)
  const isBusy = `$["${variable('DIALSTATUS')}" = "BUSY"]`
  const forward = `GotoIf($["${variable('RENVOI')}" != ""]?suivi)`
  // The guard of outside calls counts a forwarded call as one of the extension that forwards.
  const follow = [`(suivi),Set(__POSTE=${to.number})`, `Goto(renvoi-suivi,${variable('EXTEN')},1)`]
  const before = [`GotoIf($["${stored('dnd')}" != ""]?dnd)`, `Set(RENVOI=${stored('renvoi')})`, forward]
  const after = [
    `Set(RENVOI=${variable(`IF(${isBusy}?${stored('renvoi_busy')}:${stored('renvoi_noanswer')})`)})`,
    forward,
  ]
  const unavailable = [`(unavailable),Set(RENVOI=${stored('renvoi_unavailable')})`, forward]
  const dnd = [`(dnd),Set(RENVOI=${stored('renvoi_busy')})`, forward]
  if (to.mailbox === undefined) {
    const nothing = `$["${stored('renvoi_busy')}${stored('renvoi_noanswer')}" = ""]`
    return steps(dialled, [
      ...[...before, `GotoIf(${absent}?unavailable)`, `GotoIf(${nothing}?seul)`, dial, ...after, 'Hangup()'],
      ...[...unavailable, 'Hangup(20)', ...dnd, 'Hangup(17)', ...follow, `(seul),${dial}`],
    ])
  }
  return steps(dialled, [
    ...[...before, `GotoIf(${absent}?unavailable)`, dial, ...after],
    `GotoIf(${isBusy}?busy)`,
    'Goto(absent)',
    ...unavailable,
    `(absent),VoiceMail(${to.mailbox}@voicemail,u)`,
    'Hangup()',
    ...dnd,
    `(busy),VoiceMail(${to.mailbox}@voicemail,b)`,
    'Hangup()',
    ...follow,
  ])
}
