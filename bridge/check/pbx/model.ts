import type { Check, CheckId, PbxCheckId } from '../../operate/checks.ts'
import { type Conf, type Files, type Place, readConf, type Section, wordOf } from './conf.ts'
import { type DialPlan, readDialPlan } from './dial-plan.ts'

/** A check that did not hold, with its place. Every finding has a repair. */
export interface Finding extends Check<CheckId | PbxCheckId>, Place {
  readonly state: 'warning' | 'failed'
  readonly repair: string
}

/** The configuration of an Asterisk, as far as it is there. */
export interface Pbx {
  readonly files: Files
  /** Returns a file with its includes; undefined if the folder has none of that name. */
  conf(name: string): Conf | undefined
  readonly plan: DialPlan
  /** Sections of pjsip.conf that are no templates, by `type`. */
  pjsip(type: string): Section[]
  /** Whether the folder is the configuration of a whole PBX. A single file has no missing neighbours. */
  readonly isWhole: boolean
}

/** Files that Asterisk or a module reads by itself; others only count if one of these includes them. */
export const rootFiles: readonly string[] =
  'acl ari asterisk cdr cdr_adaptive_odbc cdr_custom cdr_manager cdr_mysql cdr_odbc cdr_pgsql cel confbridge extensions features http iax logger manager modules musiconhold pjsip queues res_odbc rtp sip udptl voicemail websocket_client'
    .split(' ')
    .map((name) => `${name}.conf`)

/** Files that a running PBX cannot do without. */
const wholeFiles = ['extensions.conf', 'modules.conf']

export function readPbx(files: Files, isFolder: boolean): Pbx {
  const confs = new Map<string, Conf | undefined>()
  const conf = (name: string) => {
    if (!confs.has(name)) confs.set(name, readConf(files, name))
    return confs.get(name)
  }
  const isWhole = isFolder && wholeFiles.every((name) => files.has(name))
  const plan = readDialPlan(conf('extensions.conf'))
  const sections = (conf('pjsip.conf')?.sections ?? []).filter((one) => !one.isTemplate)
  const byType = Map.groupBy(sections, (one) => wordOf(one, 'type'))
  const pjsip = (type: string) => byType.get(type) ?? []
  return { files, conf, plan, pjsip, isWhole }
}

export type Rule = (pbx: Pbx) => Finding[]

export function finding(
  id: Finding['id'],
  state: Finding['state'],
  { file, line }: Place,
  reason: string,
  repair: string,
): Finding {
  return { id, state, reason, repair, file, line }
}

const named = new WeakMap<Pbx, Map<string, Section>>()

/** The section of a name in `pjsip.conf` that has a type. */
export function pjsipNamed(pbx: Pbx, type: string, name: string): Section | undefined {
  let known = named.get(pbx)
  if (!known) {
    const sections = pbx.conf('pjsip.conf')?.sections.filter((one) => !one.isTemplate) ?? []
    known = new Map(sections.map((one) => [`${wordOf(one, 'type')} ${one.name}`, one]))
    named.set(pbx, known)
  }
  return known.get(`${type} ${name}`)
}

const boxes = new WeakMap<Conf, Set<string>>()

/** Whether voicemail.conf has a mailbox. */
export function hasMailbox(voicemail: Conf, number: string, context: string): boolean {
  let known = boxes.get(voicemail)
  if (!known) {
    known = new Set(voicemail.sections.flatMap((one) => one.settings.map(({ name }) => `${name}@${one.name}`)))
    boxes.set(voicemail, known)
  }
  return known.has(`${number}@${context}`)
}

/** Whether pjsip.conf names the phones: others have them in a database. */
export function listsPhones(pbx: Pbx): boolean {
  const isElsewhere = /endpoint\s*=>?\s*(realtime|config)/i.test(pbx.files.get('sorcery.conf') ?? '')
  return !isElsewhere && pbx.pjsip('endpoint').some((one) => wordOf(one, 'auth') !== undefined)
}
