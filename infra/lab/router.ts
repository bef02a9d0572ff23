import { addresses, phoneRtpPort } from './addresses.ts'
import type { RouterKind } from './situation.ts'

/** Network devices of the router: `wan` to the internet, `lan` to phone A. */
const forwarding = `table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "lan" accept
    ct state established,related accept
  }
}
`

/** Renders the rules of a router for nft. */
export function routerRules(kind: RouterKind): string {
  if (kind === 'none') return ''
  if (kind === 'firewall') return forwarding
  return `${forwarding}table ip nat {
  chain out {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "wan" masquerade${kind === 'random' ? ' random' : ''}
  }
}
`
}

/** Renders rules for nft that count the audio of a phone: packets that it sends, and that reach it from Asterisk. */
export function counterRules(phone: string): string {
  return `table ip count {
  counter heard {}
  counter sent {}
  chain in {
    type filter hook input priority filter; policy accept;
    ip saddr ${addresses.pbx} ip daddr ${phone} udp dport ${phoneRtpPort} counter name heard
  }
  chain out {
    type filter hook output priority filter; policy accept;
    ip daddr ${addresses.pbx} ip saddr ${phone} udp sport ${phoneRtpPort} counter name sent
  }
}
`
}
