import type { Secrets } from '../secrets.ts'
import type { AsteriskPorts } from './layout.ts'

/** The ARI and AMI user that may act. */
export const BRIDGE_USER = 'bridge'
/** The ARI user that may only look. */
export const READER_USER = 'reader'

/** http.conf: loopback whatever the phones use, since whoever may write to ARI has the whole exchange. */
export function renderHttp(ports: AsteriskPorts): string {
  return `[general]
enabled = yes
bindaddr = 127.0.0.1
bindport = ${ports.http}
enable_static = no
`
}

/**
 * ari.conf. Monitoring, comparisons and pages that list phones use `reader`: a leak of its password places no call. A
 * reader slower than the write limit is cut off; Asterisk's own 100 ms cuts off a bridge that only collects garbage.
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
 * manager.conf. The bridge hears records, user events, message counts and registrations, and may read astDB and mailbox
 * counts (which Asterisk puts under write=reporting). It may not originate, redirect, run commands or reload.
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
