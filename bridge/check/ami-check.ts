import { AmiConnection, AmiUnavailableError } from '../asterisk/ami-connection.ts'
import type { BridgeConfig } from '../config.ts'
import type { Check } from '../operate/checks.ts'
import { readAsteriskConf, settingOf } from './asterisk-conf.ts'

/** What the bridge asks, each with what is missing without it. All of them only read. */
const actions = [
  {
    what: 'messages in mailboxes',
    ask: { Action: 'MailboxCount', Mailbox: 'switchhook-check@default' },
  },
  { what: 'mailboxes and forwarding', ask: { Action: 'Getvar', Variable: 'EPOCH' } },
  { what: 'forwarding', ask: { Action: 'DBGet', Family: 'switchhook-check', Key: 'none' } },
  { what: 'registrations of trunks', ask: { Action: 'PJSIPShowRegistrationsOutbound' } },
] as const
/** Classes of events that the bridge needs, each with what is late or missing without it. */
const eventClasses = [
  { name: 'call', what: 'changes of mailboxes come up to five minutes late' },
  { name: 'agent', what: 'queues are only read twice a second' },
  { name: 'security', what: 'nobody is told who guesses passwords' },
] as const

/** What an AMI user may do, found by asking. */
export interface AmiFindings {
  /** Actions that Asterisk refuses to this user. */
  denied: readonly string[]
  /** What the bridge cannot read because of that. */
  missing: readonly string[]
  /** Actions that Asterisk did not answer. */
  unanswered: readonly string[]
}

/** Checks the user of the Manager Interface by the actions that the bridge uses, and its classes of events in manager.conf. */
export async function checkAmi({ ami }: BridgeConfig, folder: string, signal: AbortSignal): Promise<Check[]> {
  const id = 'ami'
  if (!ami) {
    const reason = 'without ami, messages in mailboxes, registrations of trunks and queues are not published'
    const repair = 'Add a user to manager.conf, and ami to the configuration'
    return [{ id, state: 'warning', reason, repair }]
  }
  let connection: AmiConnection
  try {
    connection = await AmiConnection.open(ami, () => undefined, signal)
  } catch (error) {
    if (!(error instanceof AmiUnavailableError)) throw error
    const reason = `the Manager Interface: ${error.message}`
    return [{ id, state: 'failed', reason, repair: 'Correct ami, or enable manager.conf' }]
  }
  try {
    const findings = await ask(connection)
    return [amiCheck(ami.user, findings, await eventClassesOf(folder, ami.user))]
  } finally {
    connection.close()
  }
}

/** Asks one action after the other. A hanging Asterisk answers none, so the first that is not answered is the last. */
async function ask(connection: Pick<AmiConnection, 'ask'>): Promise<AmiFindings> {
  const denied: string[] = []
  const missing: string[] = []
  for (const { what, ask } of actions) {
    try {
      await connection.ask(ask)
    } catch (error) {
      if (!(error instanceof AmiUnavailableError)) throw error
      if (error.errorId === 'ami-unreachable') return { denied, missing, unanswered: [ask.Action] }
      // Others say that there is no such entry of astDB, or no PJSIP.
      if (!/permission denied/i.test(error.message)) continue
      denied.push(ask.Action)
      missing.push(what)
    }
  }
  return { denied, missing, unanswered: [] }
}

/** Returns the classes of events that manager.conf gives the user; undefined if the file cannot be read, or does not say. */
export async function eventClassesOf(folder: string, user: string): Promise<ReadonlySet<string> | undefined> {
  try {
    const conf = await readAsteriskConf(folder, 'manager.conf')
    const read = settingOf(conf?.get(user.toLowerCase()), 'read')
    if (read === undefined) return undefined
    const names = read.split(',').map((name) => name.trim().toLowerCase())
    return new Set(names.filter((name) => name !== ''))
  } catch {
    // Asterisk's files are usually closed to the bridge's user.
    return undefined
  }
}

/** Returns the result of the check. `classes` are the classes of events that the user gets, if they are known. */
export function amiCheck(user: string, findings: AmiFindings, classes: ReadonlySet<string> | undefined): Check {
  const id = 'ami'
  const { denied, missing, unanswered } = findings
  if (unanswered.length > 0) {
    const reason = `the Manager Interface lets ${user} in and does not answer ${unanswered.join(', ')}`
    return { id, state: 'failed', reason, repair: 'Asterisk hangs or is overloaded: see its log, and restart it' }
  }
  const lacks = eventClasses.filter(({ name }) => classes && !classes.has('all') && !classes.has(name))
  if (denied.length === 0 && lacks.length === 0) {
    const events = classes ? '' : '; manager.conf cannot be read here, so its events are not known'
    return { id, state: 'ok', reason: `${user} may read what the bridge reads${events}` }
  }
  const faults = [
    ...(denied.length > 0 ? [`Asterisk refuses ${user}: ${denied.join(', ')} (${missing.join(', ')})`] : []),
    ...lacks.map(({ name, what }) => `${user} gets no events of class ${name}: ${what}`),
  ]
  // A new line takes the place of the user's own, so it has the classes that the user has.
  const read = [...(classes ?? []), ...eventClasses.map(({ name }) => name).filter((name) => !classes?.has(name))]
  const lines = [
    ...(lacks.length > 0 || !classes ? [`read = ${read.join(',')}`] : []),
    ...(denied.length > 0 ? ['write = reporting'] : []),
  ]
  const repair = `At the end of manager.conf (manager_custom.conf on FreePBX):\n[${user}](+)\n${lines.join('\n')}\nThen: asterisk -rx "manager reload"`
  return { id, state: 'warning', reason: faults.join('; '), repair }
}
