import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { dataFolder, modulesFolder } from '../installation.ts'
import type { Site } from '../site.ts'
import { type AsteriskPorts, layoutOf } from './layout.ts'

export interface CoreOptions {
  /** The unpacked Asterisk. */
  readonly root: string
  /** The instance's folder. */
  readonly folder: string
  /** Prefix of each call's id. */
  readonly systemName: string
  /** Text from which the identity is derived, `asterisk_id` in ARI events. */
  readonly identity: string
  readonly language?: string | undefined
}

/** Renders asterisk.conf of an Asterisk that is installed in its usual folders, which its program knows. */
export function renderInstalledAsterisk({
  systemName,
  language,
}: Pick<CoreOptions, 'systemName' | 'language'>): string {
  return `[options]
systemname = ${systemName}
${language === undefined ? '' : `defaultlanguage = ${language}\n`}; no function that runs programs or reads files may be reached from outside the dial plan
live_dangerously = no
`
}

/** Renders asterisk.conf: data folders are in the instance's folder, programs and sounds in the unpacked tree. */
export function renderAsterisk({ root, folder, systemName, identity, language }: CoreOptions): string {
  const layout = layoutOf(folder)
  return `[directories]
astetcdir => ${layout.configuration}
astmoddir => ${modulesFolder(root)}
astvarlibdir => ${layout.state}
astdbdir => ${layout.state}
astkeydir => ${layout.state}
astdatadir => ${dataFolder(root)}
astagidir => ${join(layout.state, 'agi-bin')}
astspooldir => ${layout.spool}
astrundir => ${layout.run}
astlogdir => ${layout.logs}
astsbindir => ${join(root, 'usr/sbin')}

[options]
systemname = ${systemName}
${language === undefined ? '' : `defaultlanguage = ${language}\n`}entityid = ${entityId(identity)}
; no function that runs programs or reads files may be reached from outside the dial plan
live_dangerously = no
`
}

/** Returns six bytes in the form of a MAC address; the second bit marks it as locally administered. */
function entityId(identity: string): string {
  const bytes = createHash('sha256').update(identity).digest().subarray(0, 6)
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** Renders logger.conf: a file with notices, warnings and errors, and one with attacks for fail2ban. Verbose logging would reduce the calls a second by a quarter. */
export function renderLogger(): string {
  return `[general]
dateformat = %FT%T.%3q%z
use_callids = yes

[logfiles]
messages.log => notice,warning,error
security.log => security
`
}

/**
 * Renders rtp.conf. Only browsers need ICE, which looks up this machine's addresses for each call. Asterisk ends a key by itself
 * after `dtmftimeout` without a packet, 3 s in samples of 1/8000 s. With its default of 0.4 s a key whose packets are late,
 * on a busy machine or a bad line, is received twice.
 */
export function renderRtp(ports: AsteriskPorts, webrtc?: Site['webrtc']): string {
  return `[general]
rtpstart = ${ports.rtpFirst}
rtpend = ${ports.rtpLast}
icesupport = ${webrtc ? 'yes' : 'no'}
${webrtc?.stun === undefined ? '' : `stunaddr = ${webrtc.stun}\n`}dtmftimeout = 24000
`
}

/** Renders acl.conf: the networks that phones may connect from, if the site names them. */
export function renderAcl({ sip }: Pick<Site, 'sip'>): string {
  if (!sip || sip.phonesFrom.length === 0) return ''
  return `[phones]\ndeny = 0.0.0.0/0\n${sip.phonesFrom.map((network) => `permit = ${network}\n`).join('')}`
}
