import { join } from 'node:path'
import { recommendedFile } from '../../../contracts/cdr-row/layout.ts'

/** The ports of one Asterisk. SIP and audio listen on the configured address, AMI and HTTP always on loopback. */
export interface AsteriskPorts {
  /** UDP. */
  readonly sip: number
  /** TCP, ARI. */
  readonly http: number
  /** TCP. */
  readonly ami: number
  /** UDP, first and last of the range for audio. */
  readonly rtpFirst: number
  readonly rtpLast: number
}

/** Files and folders in the folder of one Asterisk. */
export interface InstanceLayout {
  readonly configuration: string
  readonly state: string
  readonly spool: string
  readonly logs: string
  readonly run: string
  readonly controlSocket: string
  readonly messages: string
  /** Call detail records, one CSV record for each. */
  readonly cdrFile: string
}

export function layoutOf(folder: string): InstanceLayout {
  return {
    configuration: join(folder, 'etc'),
    state: join(folder, 'state'),
    spool: join(folder, 'spool'),
    logs: join(folder, 'log'),
    run: join(folder, 'run'),
    controlSocket: join(folder, 'run', 'asterisk.ctl'),
    messages: join(folder, 'log', 'messages.log'),
    cdrFile: join(folder, 'log', 'cdr-custom', recommendedFile),
  }
}
