import { BlockList, isIP } from 'node:net'

/** IPv4 ranges that are not on the public internet (IANA IPv4 Special-Purpose Address Registry), multicast and future use. */
const notPublic4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
/** Only global unicast is public in IPv6. Mapped, NAT64, link-local, unique local and site-local addresses are outside of it. */
const public6 = ['2000::', 3] as const
/** Parts of it that are not: protocol assignments with Teredo, documentation, 6to4 (it holds an IPv4 address). */
const notPublic6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const forbidden = new BlockList()
for (const [net, prefix] of notPublic4) forbidden.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of notPublic6) forbidden.addSubnet(net, prefix, 'ipv6')
const global6 = new BlockList()
global6.addSubnet(...public6, 'ipv6')
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether an address (as `net.isIP` accepts it, without a zone) is on the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !forbidden.check(address, 'ipv4')
  // A zone (`fe80::1%eth0`) exists only in link-local addresses.
  return family === 6 && !address.includes('%') && global6.check(address, 'ipv6') && !forbidden.check(address, 'ipv6')
}

export function isLoopback(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
