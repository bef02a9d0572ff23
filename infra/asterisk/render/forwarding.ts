import { DND_CODE, FORWARD_CODE } from '../codes.ts'

/**
 * Call forwarding and do not disturb. astDB has one key an extension in each of the families `renvoi` (all calls), `renvoi_busy`,
 * `renvoi_noanswer`, `renvoi_unavailable` and `dnd`. Phones change them by dialling a code. The bridge changes them by a Local
 * channel into `renvoi-api`, which validates the request, so that the bridge needs no write access to astDB. Each change sends a
 * UserEvent with the whole state of the extension and sets `Custom:` device states for lamps. A lock covers write, read and
 * event, so the last event of an extension always matches astDB.
 */

/** Returns Asterisk's notation for the value of a variable. */
const variable = (name: string) => `\${${name}}`

/** How often a call may be forwarded before it counts as a loop. */
const FORWARD_HOPS_MAX = 5

const families = '^(renvoi|renvoi_busy|renvoi_noanswer|renvoi_unavailable|dnd)$'
const db = (family: string, extension: string) => variable(`DB(${family}/${extension})`)
const isSet = (family: string, extension: string) => `$["${db(family, extension)}" != ""]`

/** Renders the codes in the context of the phones. Only the API sets outside targets, because it has the dial rules. */
export function renderForwardCodes(): string {
  const own = variable('MOI')
  const lock = [`Set(VERROU=${variable('LOCK(renvoi)')})`]
  const publish = [`Gosub(renvoi-dire,${own},1)`, `Set(VERROU=${variable('UNLOCK(renvoi)')})`]
  const whose = (code: string) => [
    `exten => ${code},1,Answer()`,
    `Set(MOI=${variable(`FILTER(0-9,${variable('CALLERID(num)')})`)})`,
    `GotoIf($[${variable(`DIALPLAN_EXISTS(internes,${own},1)`)} = 0]?refus)`,
  ]
  const refuse = ['(refus),Playback(cannot-complete-as-dialed)', 'Hangup()']
  const target = variable('VERS')
  return [
    lines([
      ...whose(FORWARD_CODE),
      `GotoIf(${isSet('renvoi', own)}?off)`,
      'Read(VERS,call-fwd-unconditional,8,,2,8)',
      `GotoIf($[${variable(`REGEX("^[1-9][0-9]{0,7}$" ${target})`)} = 0]?refus)`,
      `GotoIf($["${target}" = "${own}" | "${target}" = "${FORWARD_CODE}" | "${target}" = "${DND_CODE}"]?refus)`,
      `GotoIf($[${variable(`DIALPLAN_EXISTS(internes,${target},1)`)} = 0]?refus)`,
      ...lock,
      `Set(DB(renvoi/${own})=${target})`,
      ...publish,
      'Playback(call-fwd-unconditional&activated)',
      `SayDigits(${target})`,
      'Hangup()',
      `(off),Set(VERROU=${variable('LOCK(renvoi)')})`,
      `Set(OTE=${variable(`DB_DELETE(renvoi/${own})`)})`,
      ...publish,
      'Playback(call-fwd-unconditional&de-activated)',
      'Hangup()',
      ...refuse,
    ]),
    lines([
      ...whose(DND_CODE),
      ...lock,
      `GotoIf(${isSet('dnd', own)}?off)`,
      `Set(DB(dnd/${own})=1)`,
      ...publish,
      'Playback(do-not-disturb&activated)',
      'Hangup()',
      `(off),Set(OTE=${variable(`DB_DELETE(dnd/${own})`)})`,
      ...publish,
      'Playback(do-not-disturb&de-activated)',
      'Hangup()',
      ...refuse,
    ]),
  ].join('')
}

/** Renders the hints that phones subscribe to for their lamps. */
export function renderForwardHints(numbers: readonly string[]): string {
  return numbers
    .map((number) => `exten => fwd${number},hint,Custom:FWD${number}\nexten => dnd${number},hint,Custom:DND${number}\n`)
    .join('')
}

/** Renders the contexts of forwarding, which are the same for every site. */
export function renderForwarding(): string {
  return [
    '; Forwards a call; ends a loop with an announcement.',
    '[renvoi-suivi]',
    lines([
      `exten => _X!,1,Set(__FWDHOPS=$[0${variable('FWDHOPS')} + 1])`,
      `GotoIf($[${variable('FWDHOPS')} <= ${FORWARD_HOPS_MAX}]?suite)`,
      'Progress()',
      'Playback(cannot-complete-as-dialed,noanswer)',
      'Hangup(25)',
      `(suite),Dial(Local/${variable(`FILTER(0-9,${variable('RENVOI')})`)}@internes)`,
    ]),
    '; Publishes the state of an extension to lamps and as a UserEvent.',
    '[renvoi-dire]',
    lines([
      `exten => _X!,1,Set(DEVICE_STATE(Custom:FWD${variable('EXTEN')})=${lamp('renvoi')})`,
      `Set(DEVICE_STATE(Custom:DND${variable('EXTEN')})=${lamp('dnd')})`,
      `UserEvent(Renvoi,Ext: ${variable('EXTEN')},Always: ${current('renvoi')},Busy: ${current('renvoi_busy')},NoAnswer: ${current('renvoi_noanswer')},Unavailable: ${current('renvoi_unavailable')},Dnd: ${current('dnd')})`,
      'Return()',
    ]),
    '; Requests of the bridge by a Local channel. They can write no other keys.',
    '[renvoi-api]',
    lines([
      'exten => set,1,Set(CDR_PROP(disable)=1)',
      `GotoIf($[${variable(`REGEX("^[1-9][0-9]{0,7}$" ${variable('RV_EXT')})`)} & ${variable(`REGEX("${families}" ${variable('RV_WHAT')})`)} & ${variable(`REGEX("^([0-9]{1,32}|rien)$" ${variable('RV_TARGET')})`)}]?bon)`,
      'Hangup(28)',
      `(bon),GotoIf(${variable(`DIALPLAN_EXISTS(internes,${variable('RV_EXT')},1)`)}?connu)`,
      'Hangup(1)',
      `(connu),Set(VERROU=${variable('LOCK(renvoi)')})`,
      `GotoIf($["${variable('RV_TARGET')}" = "rien"]?vider)`,
      `Set(DB(${variable('RV_WHAT')}/${variable('RV_EXT')})=${variable('RV_TARGET')})`,
      'Goto(dire)',
      `(vider),Set(OTE=${variable(`DB_DELETE(${variable('RV_WHAT')}/${variable('RV_EXT')})`)})`,
      `(dire),Gosub(renvoi-dire,${variable('RV_EXT')},1)`,
      'Answer()',
      'Hangup()',
    ]),
    lines([
      'exten => lire,1,Set(CDR_PROP(disable)=1)',
      `Set(LISTE=${['renvoi', 'renvoi_busy', 'renvoi_noanswer', 'renvoi_unavailable', 'dnd'].map((family) => variable(`DB_KEYS(${family})`)).join(',')},${variable('RV_EXTS')})`,
      `(suite),GotoIf($["${variable('LISTE')}" = ""]?fin)`,
      `Set(UN=${variable('SHIFT(LISTE)')})`,
      `GotoIf($[${variable(`REGEX("^[0-9]{1,8}$" ${variable('UN')})`)} = 0]?suite)`,
      `Set(VERROU=${variable('LOCK(renvoi)')})`,
      `Gosub(renvoi-dire,${variable('UN')},1)`,
      `Set(VERROU=${variable('UNLOCK(renvoi)')})`,
      'Goto(suite)',
      '(fin),UserEvent(RenvoiFin)',
      'Answer()',
      'Hangup()',
    ]),
    'exten => fin,1,Hangup()\n',
  ].join('\n')
}

/**
 * Renders infra/asterisk/snippets/forwarding.conf for a PBX with its own extensions.conf. The context `internes` in it stands for
 * the context of the phones.
 */
export function renderForwardingSnippet(): string {
  return `${snippetHead}\n[renvoi-codes]\n${renderForwardCodes()}\n${renderForwarding()}`
}

const snippetHead = `; Call forwarding and do not disturb, for Switchhook's API and for phones (${FORWARD_CODE}, ${DND_CODE}).
;
; 1. #include this file in extensions.conf; if the context of your phones is not called \`internes\`, replace that name here.
; 2. In that context: include => renvoi-codes
; 3. At the beginning of each extension, here 60, before it dials its phone:
;      same => n,GotoIf($["\${DB(dnd/60)}" != ""]?busy)
;      same => n,Set(RENVOI=\${DB(renvoi/60)})
;      same => n,GotoIf($["\${RENVOI}" != ""]?renvoi-suivi,\${EXTEN},1)
;    and after its Dial the same for renvoi_busy, renvoi_noanswer and renvoi_unavailable, according to DIALSTATUS.
; Modules: app_stack, app_userevent, func_cdr, func_db, func_devstate, func_dialplan, func_lock, func_strings.
`

const current = (family: string) => db(family, variable('EXTEN'))
const lamp = (family: string) => variable(`IF(${isSet(family, variable('EXTEN'))}?INUSE:NOT_INUSE)`)

function lines(steps: readonly string[]): string {
  return `${steps.map((step, index) => (index === 0 ? step : `  same => n${step.startsWith('(') ? step : `,${step}`}`)).join('\n')}\n`
}
