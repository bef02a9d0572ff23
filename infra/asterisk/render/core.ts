import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { dataFolder, modulesFolder } from '../installation.ts'
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
}

/** Renders asterisk.conf: data folders are in the instance's folder, programs and sounds in the unpacked tree. */
export function renderAsterisk({ root, folder, systemName, identity }: CoreOptions): string {
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
entityid = ${entityId(identity)}
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

/** Renders logger.conf: one file with notices, warnings and errors. Verbose logging would reduce the calls a second by a quarter. */
export function renderLogger(): string {
  return `[general]
dateformat = %FT%T.%3q%z
use_callids = yes

[logfiles]
messages.log => notice,warning,error
`
}

/**
 * Renders rtp.conf without ICE, which would look up this machine's addresses for each call. Asterisk ends a key by itself
 * after `dtmftimeout` without a packet, 3 s in samples of 1/8000 s. With its default of 0.4 s a key whose packets are late,
 * on a busy machine or a bad line, is received twice.
 */
export function renderRtp(ports: AsteriskPorts): string {
  return `[general]
rtpstart = ${ports.rtpFirst}
rtpend = ${ports.rtpLast}
icesupport = no
dtmftimeout = 24000
`
}

/** Renders indications.conf: the tones of France. Asterisk warns if no country is set. */
export function renderIndications(): string {
  return `[general]
country = fr

[fr]
description = France
ringcadence = 1500,3500
dial = 440
busy = 440/500,0/500
ring = 440/1500,0/3500
congestion = 440/250,0/250
`
}
