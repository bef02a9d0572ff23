import { join } from 'node:path'

/** Where one Asterisk listens. All are on `address`, and the AMI and HTTP on loopback whatever it is. */
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

/** An Asterisk's own folders, all in one. */
export interface InstanceLayout {
  readonly configuration: string
  readonly state: string
  readonly spool: string
  readonly logs: string
  readonly run: string
  readonly controlSocket: string
  readonly messages: string
  /** One JSON object a line, one line a call detail record. */
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
    cdrFile: join(folder, 'log', 'cdr-custom', 'cdr.jsonl'),
  }
}
