import type { Secrets } from '../secrets.ts'
import type { AsteriskPorts } from './layout.ts'

/** The ARI and AMI user of the bridge, which may place and end calls. */
export const BRIDGE_USER = 'bridge'
/** The read-only ARI user. */
export const READER_USER = 'reader'

/** Renders http.conf. It listens only on loopback, because write access to ARI controls the whole PBX. */
export function renderHttp(ports: AsteriskPorts): string {
  return `[general]
enabled = yes
bindaddr = 127.0.0.1
bindport = ${ports.http}
enable_static = no
`
}

/**
 * Renders ari.conf. Monitoring and pages that list phones use `reader`, whose password cannot place calls. Asterisk disconnects a
 * client that reads slower than the write time-out; its default of 100 ms would disconnect a bridge during garbage collection.
 */
export function renderAri(secrets: Pick<Secrets, 'ariBridge' | 'ariReader'>): string {
  return `[general]
enabled = yes
pretty = no
websocket_write_timeout = 1000

[${BRIDGE_USER}]
type = user
read_only = no
password = ${secrets.ariBridge}

[${READER_USER}]
type = user
read_only = yes
password = ${secrets.ariReader}
`
}

/**
 * Renders manager.conf. The bridge receives call records, user events, message counts and registrations, and may read astDB and
 * mailbox counts (which Asterisk puts under write=reporting). It may not originate, redirect, run commands or reload.
 */
export function renderManager(ports: AsteriskPorts, secrets: Pick<Secrets, 'amiBridge'>): string {
  return `[general]
enabled = yes
bindaddr = 127.0.0.1
port = ${ports.ami}
webenabled = no
displayconnects = no

[${BRIDGE_USER}]
secret = ${secrets.amiBridge}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = cdr,user,call,agent,security
write = reporting
writetimeout = 1000
`
}
