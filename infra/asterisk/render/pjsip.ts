import type { Secrets } from '../secrets.ts'
import { trunksOf } from '../site/numbers.ts'
import type { ExtensionOfSite, Site } from '../site.ts'
import { phoneTemplates } from './pjsip-templates.ts'
import { renderTrunk } from './pjsip-trunks.ts'

/** The IPv4 address and port of SIP. */
export interface SipAddress {
  readonly address: string
  readonly port: number
}

/** Renders pjsip.conf of the PBX: the transports, a phone for each extension, and the trunks. */
export function renderPjsip(site: Site, sip: SipAddress, secrets: Secrets): string {
  return [
    renderGlobal('auth_username,username,ip'),
    renderTransports(site, sip),
    phoneTemplates(site, mediaAddress(sip)),
    ...site.extensions.map((extension) => renderPhone(extension, site, secrets.endpoints[extension.endpoint] ?? '')),
    ...trunksOf(site).map((trunk) => renderTrunk(trunk, mediaAddress(sip), secrets.trunks[trunk.name] ?? '')),
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
; an address that sends so many requests without an account in so many seconds is logged as an attack
unidentified_request_count = 5
unidentified_request_period = 5
unidentified_request_prune_interval = 30
`
}

/** Renders the transports of a site. */
function renderTransports({ sip, tls, webrtc, ports }: Site, address: SipAddress): string {
  const { externalAddress, localNetworks = [] } = sip ?? {}
  const outside =
    externalAddress === undefined
      ? ''
      : [
          `external_media_address = ${externalAddress}`,
          `external_signaling_address = ${externalAddress}`,
          ...localNetworks.map((network) => `local_net = ${network}`),
          '',
        ].join('\n')
  const tlsPort = ports?.tls ?? 5061
  return [
    `${renderTransport(address)}${outside}`,
    ...(sip?.tcp
      ? [`[tcp]\ntype = transport\nprotocol = tcp\nbind = ${address.address}:${address.port}\n${outside}`]
      : []),
    ...(tls
      ? [
          `[tls]\ntype = transport\nprotocol = tls\nbind = ${address.address}:${tlsPort}\ncert_file = ${tls.certificate}
priv_key_file = ${tls.key}\nmethod = tlsv1_2\n${outside}`,
        ]
      : []),
    // Browsers connect to the HTTP server, on loopback behind a proxy that ends TLS; the address here is not used.
    ...(webrtc ? [`[ws]\ntype = transport\nprotocol = ws\nbind = 127.0.0.1:${address.port}\n${outside}`] : []),
  ].join('\n')
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

/** Renders an account: endpoint, password and address of a phone. Its variables tell the dial plan whose call it is. */
function renderPhone(phone: ExtensionOfSite, site: Site, password: string): string {
  const { endpoint, number, name, mailbox, connect = 'udp', nat = site.nat, codecs, language } = phone
  return `[${endpoint}](phone,phone-${nat},phone-${connect})
auth = ${endpoint}
aors = ${endpoint}
callerid = "${name}" <${number}>
set_var = POSTE=${number}
${mailbox === undefined ? '' : `set_var = BOITE=${mailbox}\n`}${phone.outside === false ? 'set_var = SORTIE=non\n' : ''}${codecs === undefined ? '' : `disallow = all\nallow = ${codecs.join(',')}\n`}${language === undefined ? '' : `language = ${language}\n`}
[${endpoint}](phone-auth)
username = ${endpoint}
password = ${password}

[${endpoint}](phone-aor${nat === 'behind-nat' ? ',phone-aor-nat' : ''})
${mailbox === undefined ? '' : `mailboxes = ${mailbox}@voicemail\n`}`
}
