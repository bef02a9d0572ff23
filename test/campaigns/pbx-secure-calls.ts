import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Phones } from '../../infra/asterisk/phones.ts'
import { BrowserPhone, howToGetWebRtc } from '../pbx/support/browser-phone.ts'
import { type Leg, legsOf } from '../pbx/support/legs.ts'
import { recordsIn, testInstallation } from '../pbx/support/pbx.ts'
import { createRendered } from '../pbx/support/rendered-pbx.ts'
import { until } from '../support/until.ts'
import { toneSeconds } from './pbx-calls/audio.ts'

/** A call is looked at when each leg has so many packets in each direction. */
const PACKETS_MIN = 150
const TALK_MS = 6_000

/**
 * Goal: phones with `connect: tls` and `connect: webrtc` call and are called, encrypted, with audio both ways, on what
 * `switchhook pbx render` wrote.
 * Method: a phone that connects by TLS and SRTP (a second Asterisk), a browser (Chromium, fake microphone) and a plain phone call each
 * other. Packets are counted at the PBX on both legs; called phones of Asterisk send back what they hear, so the caller must hear
 * its own tone, and the browser its own beeps.
 *
 *     npm run campaign -- pbx-secure-calls
 */
export async function main(): Promise<void> {
  if (!existsSync('/usr/bin/chromium')) throw new Error(howToGetWebRtc)
  await using world = await startWorld()
  const { pbx, secure, plain, browser, folder } = world
  const faults: string[] = []
  const row = async (name: string, call: () => Promise<string>) => {
    try {
      console.log(`ok    ${name}: ${await call()}`)
    } catch (error) {
      faults.push(name)
      console.log(`WRONG ${name}: ${error instanceof Error ? error.message : error}`)
    }
    await until('the calls to end', async () =>
      (await pbx.cli('core show channels count')).includes('0 active channels'),
    )
  }
  const bothLegs = () =>
    until(
      'sound on both legs',
      async () => {
        const legs = await legsOf(pbx)
        return (
          legs.length === 2 &&
          legs.every(({ received, sent }) => received >= PACKETS_MIN && sent >= PACKETS_MIN) &&
          legs
        )
      },
      30_000,
    )
  const callOf = async (phones: Phones, from: string, to: string) => {
    const recordTo = join(folder, `${from}-${to}.wav`)
    const call = await phones.call({ from, to, talkMs: TALK_MS })
    await call.answered
    const [line = ''] = (await phones.cli('core show channels concise'))
      .split('\n')
      .filter((one) => one.endsWith(`!${call.id}`))
    await phones.cli(`mixmonitor start ${line.split('!')[0]} ${recordTo}.both.wav,r(${recordTo})`)
    const legs = await bothLegs()
    await call.ended
    const seconds = await toneSeconds(recordTo)
    if (seconds < 2) throw new Error(`the caller heard ${seconds} s of its tone`)
    return `${packetText(legs)}, own tone for ${seconds.toFixed(1)} s`
  }
  const browserText = async (legs: readonly Leg[]) => {
    const audio = await until(
      'the beeps in the browser',
      async () => {
        const found = await browser.audio()
        return found.packetsReceived >= PACKETS_MIN && found.packetsSent >= PACKETS_MIN && found.energy > 0 && found
      },
      30_000,
    )
    if (!audio.srtpCipher) throw new Error('the browser names no cipher of SRTP')
    return `${packetText(legs)}; browser: ${audio.packetsReceived} received, ${audio.packetsSent} sent, ${audio.codec}, ${audio.srtpCipher}`
  }
  await row('TLS and SRTP: 60 calls 61', () => callOf(secure, '60', '61'))
  await row('TLS and SRTP: 61 calls 60', () => callOf(plain, '61', '60'))
  await row('the account of 60 without SRTP is refused', async () => {
    const contacts = await pbx.cli('pjsip show contacts')
    if (!/tls-phone\/sip:\S*;transp/.test(contacts)) throw new Error(`60 is not registered by TLS:\n${contacts}`)
    await using bare = new Phones({ ...world.bareOptions, tlsPort: world.tlsPort, encryptsAudio: false })
    await bare.start()
    const call = await bare.call({ from: '60', to: '61', talkMs: 1_000 })
    const { answered, cause } = await call.ended
    if (answered) throw new Error('the call was answered')
    return `cause ${cause}`
  })
  await row('WebRTC: 62 calls 61', async () => {
    const status = await browser.call('61')
    if (status !== 200) throw new Error(`the PBX answered ${status}`)
    const text = await browserText(await bothLegs())
    await browser.hangUp()
    return text
  })
  await row('WebRTC: 61 calls 62', async () => {
    const call = await plain.call({ from: '61', to: '62' })
    await browser.answered()
    const text = await browserText(await bothLegs())
    await call.hangup()
    return text
  })
  const records = await recordsIn(pbx.cdrFile)
  const answered = records
    .filter(({ disposition }) => disposition === 'ANSWERED')
    .map(({ src, dst }) => `${src}-${dst}`)
  if (answered.join(' ') !== '60-61 61-60 62-61 61-62') faults.push(`the call records are ${answered.join(' ')}`)
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

const packetText = (legs: readonly Leg[]) =>
  legs.map(({ endpoint, received, sent }) => `${endpoint} ${received} received, ${sent} sent`).join('; ')

async function startWorld() {
  const installation = await testInstallation()
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pbx-secure-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const pem = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem'), '-days', '2', '-subj', '/CN=pbx']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...pem], { stdio: 'ignore' })
  const yaml = `
site: secure
systemName: pbx1
tls: { certificate: ${folder}/cert.pem, key: ${folder}/key.pem }
webrtc: {}
extensions:
  - { number: '60', endpoint: tls-phone, name: Secure, connect: tls }
  - { number: '61', endpoint: plain, name: Plain }
  - { number: '62', endpoint: browser, name: Browser, connect: webrtc }
`
  const { pbx, site, secrets } = await createRendered({ installation, version: 22, yaml, folder })
  parts.use(pbx)
  await pbx.start()
  const siteOf = (number: string) => ({ ...site, extensions: site.extensions.filter((one) => one.number === number) })
  const tlsPort = site.ports?.tls ?? 5061
  const options = (number: string, name: string) => ({
    installation,
    site: siteOf(number),
    folder: join(folder, name),
    pbx,
  })
  const secure = parts.use(new Phones({ ...options('60', 'secure'), tlsPort }))
  const plain = parts.use(new Phones(options('61', 'plain')))
  for (const phones of [secure, plain]) {
    await phones.start()
    await phones.registered()
  }
  const url = `${pbx.ariUrl.replace(/^http/, 'ws').replace(/\/ari$/, '')}/ws`
  const browser = parts.use(
    await BrowserPhone.open({ user: 'browser', password: secrets.endpoints['browser'] ?? '', url }),
  )
  const status = await browser.register()
  if (status !== 200) throw new Error(`the browser's registration was answered with ${status}`)
  const owned = parts.move()
  const bareOptions = options('60', 'bare')
  return {
    pbx,
    secure,
    plain,
    browser,
    folder,
    tlsPort,
    bareOptions,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
