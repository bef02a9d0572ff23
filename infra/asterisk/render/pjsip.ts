import type { Secrets } from '../secrets.ts'
import type { ExtensionOfSite, Site, TrunkOfSite } from '../site.ts'

/** Where SIP listens, an IPv4 address. */
export interface SipAddress {
  readonly address: string
  readonly port: number
}

/** pjsip.conf of the exchange: a transport, a phone per extension from one template, and the trunk. */
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
 * @param identifierOrder by account name first for an exchange, or a phone on the trunk's own address would be taken
 *   for the trunk
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
 * On one known address audio goes there too, which spares Asterisk looking up its own host name for each call (two
 * look-ups and an error line if the name does not resolve).
 */
export function mediaAddress({ address }: SipAddress): string {
  return address === '0.0.0.0' ? '' : `media_address = ${address}\nbind_rtp_to_media_address = yes\n`
}

/**
 * The four settings that let a phone behind address translation call and be heard: answer where the request came from,
 * remember that address as the contact, send audio where audio comes from, and keep audio on this machine. Qualify also
 * keeps the router's entry open.
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
; outside callers keep the number they show
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
