import { expect, test } from 'vitest'
import { isPublicAddress } from '../../functions/domain/webhooks/address.ts'
import { parseTarget, TargetRefusedError } from '../../functions/domain/webhooks/target-url.ts'

const rules = { ownHosts: ['abcde12345.execute-api.eu-west-3.amazonaws.com'], allowsLocal: false }
const words = (text: string) => text.trim().split(/\s+/)

/** Spellings of hosts that lead into a private network, from public reports on request forgery. */
const loopback = words(`127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 0177.0.0.1 0177.1 017700000001
  00000177.0x0.0.1 127.0.0.1. 127.255.255.254 0 00 0x 0.0.0.0 0.1.2.3 %31%32%37.0.0.1 127%2e0%2e0%2e1 １２７.0.0.1 127。0。0。1
  127．0．0．1 ①②⑦.0.0.1`).concat('127.0.0.1\u00ad')
const names =
  words(`localhost LOCALHOST localhost. foo.localhost lⓞCalhost ｌocalhost localhost.localdomain localtest.me
  metadata.google.internal instance-data.ec2.internal ip-10-0-0-1.ec2.internal printer.local pbx.lan intranet
  kubernetes.default.svc router.home.arpa 1.0.0.127.in-addr.arpa abc.onion x.invalid`)
const ipv6 =
  words(`[::1] [0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:1] [::127.0.0.1]
  [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::a9fe:a9fe] [2002:7f00:1::] [2002:a9fe:a9fe::1]
  [2001:0:4136:e378:8000:63bf:5601:5601] [2001:db8::1] [2001:20::1] [3fff::1] [5f00::1] [100::1] [fe80::1] [fe80::1%25eth0]
  [fec0::1] [fc00::1] [fd00:ec2::254] [fd12:3456:789a::1] [ff02::1] [ff0e::1]`)
const special =
  words(`169.254.169.254 169.254.170.2 169.254.79.129 0xa9fea9fe 2852039166 0251.0376.0251.0376 169.254.43518
  [::ffff:169.254.169.254] 100.100.100.200 100.64.0.1 10.0.0.1 012.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 3232235777
  192.0.0.192 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.250 240.0.0.1
  255.255.255.255`)
const brokenHosts = ['example..com', '.example.com', '-', 'xn--', '[::1', '[127.0.0.1]', '1.2.3.4.5', '256.1.1.1']
const urls = [
  ...words(`http://example.com/ ftp://example.com/ file:///etc/passwd gopher://example.com/ ws://example.com/ //example.com/
    https:example.com/ https:/example.com/ https:///example.com/ https:\\\\example.com\\ https://user@example.com/
    https://user:pw@example.com/ https://@example.com/ https://example.com@127.0.0.1/ https://example.com#@127.0.0.1/
    https://127.0.0.1#.example.com/ https://example.com/#frag https://example.com:22/ https://example.com:25/
    https://example.com:0/ https://example.com:65536/ https://example.com:9001/`),
  'https://example.com/a b',
  'https://exa\tmple.com/',
  'https://example.com/\r\nx: y',
  'https://example.com/\u0000',
]
const refused = [
  ...[...loopback, ...names, ...ipv6, ...special, ...brokenHosts].map((host) => `https://${host}/`),
  ...urls,
]

test('refuses 132 spellings of addresses that are not on the public internet', () => {
  expect(refused.length).toBeGreaterThanOrEqual(132)
  const accepted = refused.filter((url) => {
    try {
      parseTarget(url, rules)
      return true
    } catch (error) {
      expect(error).toBeInstanceOf(TargetRefusedError)
      return false
    }
  })
  expect(accepted).toEqual([])
})

test.each(
  words(`https://example.com https://EXAMPLE.com/Hook https://example.com:8443/in?x=1&y=%2F https://example.com.
    https://hooks.slack.com/services/T0/B0/x https://prod-12.westeurope.logic.azure.com:443/workflows/a?sig=x
    https://bücher.example.de https://xn--bcher-kva.de https://8.8.8.8 https://[2606:4700::1111]
    https://[2a00:1450:4001:80b::200e]:8443 https://[2001:4860:4860::8888] https://172.32.0.1 https://100.128.0.1
    https://11.0.0.1 https://192.0.1.1 https://my_host.example.org https://10.example.com https://127.0.0.1.example.org
    https://0x7f.example.org https://localhost.example.org https://a.b.c.d.e.example.org
    https://example.com/@a/..%2F?redirect=http://169.254.169.254/`),
)('accepts %s', (url) => {
  expect(parseTarget(url, rules).protocol).toBe('https:')
})

test('refuses the names of the deployment itself, in any spelling', () => {
  for (const host of [
    'abcde12345.execute-api.eu-west-3.amazonaws.com',
    'ABCDE12345.execute-api.eu-west-3.amazonaws.com.',
  ])
    expect(() => parseTarget(`https://${host}/v1/x`, rules)).toThrow('The host is this deployment itself.')
})

test('a developer’s machine may be called by http on any port, and no other private address', () => {
  const local = { ownHosts: [], allowsLocal: true }
  for (const url of ['http://localhost:3000/hook', 'http://127.0.0.1:5000/', 'http://[::1]:81/'])
    expect(parseTarget(url, local).port).not.toBe('')
  for (const url of ['http://10.0.0.1/', 'http://169.254.169.254/', 'http://metadata.google.internal/'])
    expect(() => parseTarget(url, local), url).toThrow(TargetRefusedError)
})

test('a URL over 2,048 characters is refused with its limit', () => {
  expect(() => parseTarget(`https://example.com/${'x'.repeat(10_000)}`, rules)).toThrow('at most 2048')
})

test.each([
  ...['127.0.0.1', '10.1.2.3', '::1', '::ffff:8.8.8.8', 'fe80::1%eth0', '2002:808:808::', '', 'example.com', '0x7f.1'],
  ...['2001:db8::1', '64:ff9b::808:808', '::8.8.8.8', 'fd00::1', '100.64.0.1', '169.254.169.254'],
])('the address %s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})
