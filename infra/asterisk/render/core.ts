import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { dataFolder, modulesFolder } from '../installation.ts'
import { type AsteriskPorts, layoutOf } from './layout.ts'

export interface CoreOptions {
  /** The unpacked Asterisk. */
  readonly root: string
  /** The instance's own folder. */
  readonly folder: string
  /** Stands before each call's id. */
  readonly systemName: string
  /** What makes this Asterisk's identity, `asterisk_id` in ARI events; the same text gives the same one. */
  readonly identity: string
}

/** asterisk.conf: every folder inside the instance, programs and sounds from the unpacked tree. */
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

/** Six bytes in the form of a network card's address; the second bit marks it as made up. */
function entityId(identity: string): string {
  const bytes = createHash('sha256').update(identity).digest().subarray(0, 6)
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** logger.conf: what went wrong, in one file; verbose logging would cost a quarter of the calls. */
export function renderLogger(): string {
  return `[general]
dateformat = %FT%T.%3q%z
use_callids = yes

[logfiles]
messages.log => notice,warning,error
`
}

/** rtp.conf. ICE is off: it would look up this machine's addresses for each call. */
export function renderRtp(ports: AsteriskPorts): string {
  return `[general]
rtpstart = ${ports.rtpFirst}
rtpend = ${ports.rtpLast}
icesupport = no
`
}

/** indications.conf: the tones Asterisk plays itself, those of France. Without a country it warns. */
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
