import type { Secrets } from '../secrets.ts'
import type { Site } from '../site.ts'
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
export function renderAri(secrets: Pick<Secrets, 'ariBridge' | 'ariReader'>, bridge?: Site['bridge']): string {
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
${
  bridge
    ? `
; Asterisk dials the bridge, and keeps events while it is away
[${bridge.application}]
type = outbound_websocket
websocket_client_id = switchhook
apps = ${bridge.application}
subscribe_all = yes
local_ari_user = ${BRIDGE_USER}
`
    : ''
}`
}

/** Renders websocket_client.conf: where Asterisk dials the bridge, from 22.5 on. */
export function renderWebSocketClient(secrets: Pick<Secrets, 'ariBridge'>, bridge: Site['bridge']): string {
  if (!bridge) return ''
  return `[switchhook]
type = websocket_client
uri = ${bridge.listener}
protocols = ari
username = ${BRIDGE_USER}
password = ${secrets.ariBridge}
connection_type = persistent
reconnect_interval = 500
tls_enabled = ${bridge.listener.startsWith('wss:') ? 'yes' : 'no'}
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
