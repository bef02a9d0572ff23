import { renderCdr, renderCdrCustom, renderCdrManager } from './render/cdr.ts'
import { renderAcl, renderAsterisk, renderInstalledAsterisk, renderLogger, renderRtp } from './render/core.ts'
import { renderDialPlan } from './render/dial-plan.ts'
import { renderQueues } from './render/groups.ts'
import { renderIndications } from './render/indications.ts'
import { renderAri, renderHttp, renderManager, renderWebSocketClient } from './render/interfaces.ts'
import type { AsteriskPorts } from './render/layout.ts'
import { modulesOf, renderModules } from './render/modules.ts'
import { renderPjsip } from './render/pjsip.ts'
import type { Secrets } from './secrets.ts'
import type { Site } from './site.ts'

/** Where Asterisk runs: unpacked in a private folder, or installed by its package. */
export type RenderOptions = {
  readonly ports: AsteriskPorts
  readonly secrets: Secrets
  /** IPv4 address for phones; the default is loopback. */
  readonly address?: string
  /** Major version of Asterisk; the default is 22. */
  readonly version?: number
} & ({ readonly root: string; readonly folder: string } | { readonly installed: true })

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
  const { ports, secrets, address = '127.0.0.1', version = 22 } = options
  const { systemName, language } = site
  const core =
    'root' in options
      ? renderAsterisk({ ...options, systemName, language, identity: `${site.site}/${systemName}` })
      : renderInstalledAsterisk({ systemName, language })
  // Asterisk dials the bridge from 22.5 on.
  const bridge = version >= 22 ? site.bridge : undefined
  return new Map([
    ...EMPTY_FILES.map((name): [string, string] => [name, '']),
    ['asterisk.conf', core],
    ['logger.conf', renderLogger()],
    ['modules.conf', renderModules(modulesOf(site, version))],
    ['indications.conf', renderIndications(site.country)],
    ['rtp.conf', renderRtp(ports, site.webrtc)],
    ['acl.conf', renderAcl(site)],
    ['pjsip.conf', renderPjsip(site, { address, port: ports.sip }, secrets)],
    ['extensions.conf', renderDialPlan(site)],
    ['features.conf', renderFeatures(site)],
    ['voicemail.conf', renderVoicemail(site, secrets)],
    ['queues.conf', renderQueues(site)],
    ['cdr.conf', renderCdr()],
    ['cdr_custom.conf', renderCdrCustom()],
    ['cdr_manager.conf', renderCdrManager()],
    ['http.conf', renderHttp(ports)],
    ['ari.conf', renderAri(secrets, bridge)],
    ['websocket_client.conf', renderWebSocketClient(secrets, bridge)],
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
maxsecs = ${site.voicemail?.messageSecondsMax ?? 180}
minsecs = 1
pollmailboxes = no

[voicemail]
${boxes.join('\n')}
`
}
