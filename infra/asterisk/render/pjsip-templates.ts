import type { Site } from '../site.ts'

/** Codecs of phones; a trunk takes only the first two, which every provider has. */
export const defaultCodecs = ['ulaw', 'alaw', 'g722'] as const
/** A router forgets a UDP connection after 30 s or more without a packet. */
const natQualifySeconds = 15

/**
 * Renders the templates of phones. Four settings make calls work behind NAT: answer to the source of the request (force_rport), use
 * it as the contact (rewrite_contact), send audio to the source of audio (rtp_symmetric) and relay audio (direct_media = no).
 * Qualify keeps the router's NAT entry open.
 */
export function phoneTemplates(site: Site, media: string): string {
  const { codecs = defaultCodecs, language, sip, webrtc, tls, qualifySeconds } = site
  return `[phone](!)
type = endpoint
context = internes
disallow = all
allow = ${codecs.join(',')}
dtmf_mode = rfc4733
direct_media = no
${language === undefined ? '' : `language = ${language}\n`}${sip && sip.phonesFrom.length > 0 ? 'acl = phones\n' : ''}${media}
; works with NAT and without
[phone-auto](!)
force_rport = yes
rewrite_contact = yes
rtp_symmetric = yes

; as before, and keeps the way through the router open
[phone-behind-nat](!)
force_rport = yes
rewrite_contact = yes
rtp_symmetric = yes
rtp_keepalive = 15

; believes the addresses that the phone names
[phone-public](!)
force_rport = no
rewrite_contact = no
rtp_symmetric = no

[phone-udp](!)
transport = udp
${sip?.tcp ? '\n[phone-tcp](!)\ntransport = tcp\n' : ''}${tls ? '\n[phone-tls](!)\ntransport = tls\nmedia_encryption = sdes\n' : ''}${webrtc ? '\n[phone-webrtc](!)\ntransport = ws\nwebrtc = yes\ndtls_auto_generate_cert = yes\n' : ''}
[phone-aor](!)
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = ${qualifySeconds}

[phone-aor-nat](!)
qualify_frequency = ${Math.min(qualifySeconds || natQualifySeconds, natQualifySeconds)}

[phone-auth](!)
type = auth
auth_type = userpass
`
}
