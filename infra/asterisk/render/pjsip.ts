import type { Secrets } from '../secrets.ts'
import type { ExtensionOfSite, Site, TrunkOfSite } from '../site.ts'

/** The IPv4 address and port of SIP. */
export interface SipAddress {
  readonly address: string
  readonly port: number
}

/** Renders pjsip.conf of the PBX: a transport, a phone for each extension, and the trunk. */
export function renderPjsip(site: Site, sip: SipAddress, secrets: Secrets): string {
  return [
    renderGlobal('auth_username,username,ip'),
    renderTransport(sip),
    phoneTemplates(site, sip),
    ...site.extensions.map((extension) => renderPhone(extension, secrets.endpoints[extension.endpoint] ?? '')),
    ...(site.trunk ? [renderTrunk(site.trunk, sip)] : []),
  ].join('\n')
}

/**
 * Renders the global section.
 *
 * @param identifierOrder how Asterisk identifies the sender of a request; a PBX must use the account name first, or it would
 *   identify a phone with the trunk's address as the trunk
 */
export function renderGlobal(identifierOrder: string): string {
  return `[global]
type = global
user_agent = Switchhook
endpoint_identifier_order = ${identifierOrder}
`
}

export function renderTransport({ address, port }: SipAddress): string {
  return `[udp]
type = transport
protocol = udp
bind = ${address}:${port}
`
}

/**
 * Renders the address for audio if it is known. Otherwise Asterisk looks up its own host name twice for each call and logs an
 * error if the name does not resolve.
 */
export function mediaAddress({ address }: SipAddress): string {
  return address === '0.0.0.0' ? '' : `media_address = ${address}\nbind_rtp_to_media_address = yes\n`
}

/**
 * Renders the templates of phones. Four settings make calls work behind NAT: answer to the source of the request (force_rport), use
 * it as the contact (rewrite_contact), send audio to the source of audio (rtp_symmetric) and relay audio (direct_media = no).
 * Qualify keeps the router's NAT entry open.
 */
function phoneTemplates(site: Site, sip: SipAddress): string {
  return `[phone](!)
type = endpoint
context = internes
transport = udp
disallow = all
allow = ulaw,alaw,g722
dtmf_mode = rfc4733
force_rport = yes
rewrite_contact = yes
rtp_symmetric = yes
direct_media = no
${mediaAddress(sip)}
[phone-aor](!)
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = ${site.qualifySeconds}

[phone-auth](!)
type = auth
auth_type = userpass
`
}

function renderPhone({ endpoint, number, name, mailbox }: ExtensionOfSite, password: string): string {
  return `[${endpoint}](phone)
auth = ${endpoint}
aors = ${endpoint}
callerid = "${name}" <${number}>

[${endpoint}](phone-auth)
username = ${endpoint}
password = ${password}

[${endpoint}](phone-aor)
${mailbox === undefined ? '' : `mailboxes = ${mailbox}@voicemail\n`}`
}

function renderTrunk({ name, host, port, qualifySeconds }: TrunkOfSite, sip: SipAddress): string {
  return `[${name}]
type = endpoint
context = entrants
transport = udp
disallow = all
allow = ulaw,alaw
dtmf_mode = rfc4733
rtp_symmetric = yes
direct_media = no
; outside callers keep their caller ID
trust_id_inbound = yes
aors = ${name}
${mediaAddress(sip)}
[${name}]
type = aor
contact = sip:${host}:${port}
qualify_frequency = ${qualifySeconds}

[${name}]
type = identify
endpoint = ${name}
match = ${host}
`
}
