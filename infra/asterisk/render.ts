import { renderCdr, renderCdrCustom, renderCdrManager } from './render/cdr.ts'
import { renderAsterisk, renderIndications, renderLogger, renderRtp } from './render/core.ts'
import { renderDialPlan } from './render/dial-plan.ts'
import { renderAri, renderHttp, renderManager } from './render/interfaces.ts'
import type { AsteriskPorts } from './render/layout.ts'
import { renderModules } from './render/modules.ts'
import { renderPjsip } from './render/pjsip.ts'
import type { Secrets } from './secrets.ts'
import type { Site } from './site.ts'

export interface RenderOptions {
  /** The unpacked Asterisk. */
  readonly root: string
  /** Absolute path of the instance's folder. */
  readonly folder: string
  readonly ports: AsteriskPorts
  readonly secrets: Secrets
  /** IPv4 address for phones; the default is loopback. */
  readonly address?: string
}

/** Files that Asterisk warns about if they are absent, although it needs no setting from them. */
export const EMPTY_FILES: readonly string[] = [
  'acl.conf',
  'ccss.conf',
  'cel.conf',
  'features.conf',
  'pjproject.conf',
  'udptl.conf',
  'websocket_client.conf',
]

/** Renders all configuration files of the PBX: text by file name in `etc/`. */
export function renderPbx(site: Site, options: RenderOptions): Map<string, string> {
  const { root, folder, ports, secrets, address = '127.0.0.1' } = options
  const { systemName } = site
  return new Map([
    ...EMPTY_FILES.map((name): [string, string] => [name, '']),
    ['asterisk.conf', renderAsterisk({ root, folder, systemName, identity: `${site.site}/${systemName}` })],
    ['logger.conf', renderLogger()],
    ['modules.conf', renderModules()],
    ['indications.conf', renderIndications()],
    ['rtp.conf', renderRtp(ports)],
    ['pjsip.conf', renderPjsip(site, { address, port: ports.sip }, secrets)],
    ['extensions.conf', renderDialPlan(site)],
    ['features.conf', renderFeatures(site)],
    ['voicemail.conf', renderVoicemail(site, secrets)],
    ['cdr.conf', renderCdr()],
    ['cdr_custom.conf', renderCdrCustom()],
    ['cdr_manager.conf', renderCdrManager()],
    ['http.conf', renderHttp(ports)],
    ['ari.conf', renderAri(secrets)],
    ['manager.conf', renderManager(ports, secrets)],
  ])
}

/** Renders features.conf: the keys that transfer a call. They work in calls whose Dial has the options t and T. */
function renderFeatures({ transferKeys }: Pick<Site, 'transferKeys'>): string {
  if (!transferKeys) return ''
  return `[general]
transferdigittimeout = 5
atxfernoanswertimeout = 15

[featuremap]
blindxfer = ##
atxfer = *2
`
}

/** Renders voicemail.conf: the context `voicemail` with one mailbox in each line. Messages under a second are discarded. */
function renderVoicemail(site: Site, secrets: Secrets): string {
  const boxes = site.extensions.flatMap(({ mailbox, name }) =>
    mailbox === undefined ? [] : [`${mailbox} => ${secrets.mailboxes[mailbox] ?? ''},${name}`],
  )
  return `[general]
format = wav
attach = no
maxsecs = 180
minsecs = 1
pollmailboxes = no

[voicemail]
${boxes.join('\n')}
`
}
