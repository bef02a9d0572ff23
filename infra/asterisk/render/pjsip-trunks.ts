import type { TrunkOfSite } from '../site.ts'
import { defaultCodecs } from './pjsip-templates.ts'

/** Renders a trunk: endpoint, address, the addresses that it calls from, and the account if it has one. */
export function renderTrunk(trunk: TrunkOfSite, media: string, password: string): string {
  const { name, host, port, connect = 'udp', register, callerId, qualifySeconds } = trunk
  const codecs = trunk.codecs ?? defaultCodecs.slice(0, 2)
  const from = trunk.from ?? [host]
  const parameter = connect === 'udp' ? '' : `\\;transport=${connect}`
  const address = `sip:${host}:${port}${parameter}`
  return `[${name}]
type = endpoint
context = entrants
transport = ${connect}
disallow = all
allow = ${codecs.join(',')}
dtmf_mode = rfc4733
rtp_symmetric = yes
direct_media = no
; outside callers keep their caller ID
trust_id_inbound = yes
aors = ${name}
${connect === 'tls' ? 'media_encryption = sdes\n' : ''}${fromLines(trunk, callerId)}${register ? `outbound_auth = ${name}\n` : ''}${media}
[${name}]
type = aor
contact = ${address}
qualify_frequency = ${qualifySeconds}

[${name}]
type = identify
endpoint = ${name}
${from.map((one) => `match = ${one}\n`).join('')}${register ? account(name, address, host, register.user, connect, password) : ''}`
}

/** The From header: the number to show, or the account, by which most providers know the caller. */
function fromLines({ register, host }: TrunkOfSite, callerId: string | undefined): string {
  const user = callerId ?? register?.user
  if (user === undefined) return ''
  return `from_user = ${user}\n${register ? `from_domain = ${host}\n` : ''}`
}

function account(name: string, address: string, host: string, user: string, connect: string, password: string): string {
  return `
[${name}]
type = auth
auth_type = userpass
username = ${user}
password = ${password.replaceAll(';', '\\;')}

[${name}]
type = registration
transport = ${connect}
outbound_auth = ${name}
server_uri = ${address}
client_uri = sip:${user}@${host}
contact_user = ${user}
expiration = 600
retry_interval = 30
forbidden_retry_interval = 300
fatal_retry_interval = 300
auth_rejection_permanent = no
max_retries = 1000000
`
}
