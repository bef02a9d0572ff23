import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Page } from 'playwright-core'

/** Chromium with all of WebRTC. */
const executablePath = '/usr/bin/chromium'
export const howToGetWebRtc = 'WebRTC calls need Chromium: apt-get install -y chromium'
const args = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // The PBX of the tests is on loopback, which Chromium leaves out of ICE otherwise.
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
]

/** What getStats() of the browser says of the audio of a call. */
export interface BrowserAudio {
  readonly packetsReceived: number
  readonly packetsSent: number
  /** Energy of the received audio; 0 is silence. */
  readonly energy: number
  /** For example `AEAD_AES_128_GCM`. */
  readonly srtpCipher: string
  readonly codec: string
}

/** A browser whose page is a phone: SIP over WebSocket, audio by WebRTC from a fake microphone that beeps. */
export class BrowserPhone implements AsyncDisposable {
  readonly #page: Page
  readonly #parts: AsyncDisposableStack
  private constructor(page: Page, parts: AsyncDisposableStack) {
    this.#page = page
    this.#parts = parts
  }

  static async open(account: { user: string; password: string; url: string }): Promise<BrowserPhone> {
    await using parts = new AsyncDisposableStack()
    // A page of http://localhost may use the microphone.
    const server = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<title>Phone</title>'),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    parts.defer(() => void server.close())
    const browser = await chromium.launch({ executablePath, args })
    parts.defer(() => browser.close())
    const page = await browser.newPage()
    await page.exposeFunction('md5', (text: string) => createHash('md5').update(text).digest('hex'))
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
    await page.evaluate(installPhone, account)
    return new BrowserPhone(page, parts.move())
  }

  /** Resolves with the status of the registration, 200 if it was accepted. */
  register(): Promise<number> {
    return this.#page.evaluate(() => (window as unknown as PhoneWindow).phone.register())
  }

  /** Calls a number; resolves with the status of the answer. */
  call(number: string): Promise<number> {
    return this.#page.evaluate((to) => (window as unknown as PhoneWindow).phone.call(to), number)
  }

  /** Resolves when an incoming call was answered. */
  answered(): Promise<void> {
    return this.#page.evaluate(() => (window as unknown as PhoneWindow).phone.answered())
  }

  audio(): Promise<BrowserAudio> {
    return this.#page.evaluate(() => (window as unknown as PhoneWindow).phone.audio())
  }

  hangUp(): Promise<void> {
    return this.#page.evaluate(() => (window as unknown as PhoneWindow).phone.hangUp())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync()
  }
}

interface PhoneWindow {
  md5(text: string): Promise<string>
  phone: {
    register(): Promise<number>
    call(number: string): Promise<number>
    answered(): Promise<void>
    audio(): Promise<BrowserAudio>
    hangUp(): Promise<void>
  }
}

/** Runs in the page: a small SIP client of RFC 7118. It cannot use anything outside of itself. */
async function installPhone({ user, password, url }: { user: string; password: string; url: string }): Promise<void> {
  type Message = { first: string; headers: Map<string, string>; vias: string[]; body: string }
  const own = window as unknown as PhoneWindow
  const socket = new WebSocket(url, 'sip')
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error(`no WebSocket at ${url}`))
  })
  const token = () => Math.random().toString(36).slice(2, 12)
  const aor = `sip:${user}@pbx`
  const contact = `<sip:${user}@phone.invalid;transport=ws>`
  const waiting = new Map<string, (message: Message) => void>()
  let peer: RTCPeerConnection | undefined
  let dialogue: { target: string; from: string; to: string; callId: string; cseq: number } | undefined
  let markAnswered: () => void = () => undefined
  const answered = new Promise<void>((resolve) => {
    markAnswered = resolve
  })

  const parse = (text: string): Message => {
    const [head = '', body = ''] = text.split(/\r\n\r\n([\s\S]*)/)
    const [first = '', ...lines] = head.split('\r\n')
    const headers = new Map<string, string>()
    const vias: string[] = []
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
      if (name.toLowerCase() === 'via') vias.push(value)
      headers.set(name.toLowerCase(), value)
    }
    return { first, headers, vias, body }
  }
  const send = (lines: string[], body = '') =>
    socket.send([...lines, `Content-Length: ${new TextEncoder().encode(body).length}`, '', body].join('\r\n'))

  /** Sends a request; resolves with its final answer. */
  const request = (
    method: string,
    target: string,
    call: { from: string; to: string; callId: string; cseq: number },
    more: string[] = [],
    body = '',
  ) => {
    const branch = `z9hG4bK${token()}`
    send(
      [
        `${method} ${target} SIP/2.0`,
        `Via: SIP/2.0/WS phone.invalid;branch=${branch}`,
        `From: ${call.from}`,
        `To: ${call.to}`,
        `Call-ID: ${call.callId}`,
        `CSeq: ${call.cseq} ${method}`,
        'Max-Forwards: 70',
        `Contact: ${contact}`,
        ...(body === '' ? [] : ['Content-Type: application/sdp']),
        ...more,
      ],
      body,
    )
    return new Promise<Message>((resolve) => waiting.set(`${call.callId} ${call.cseq} ${method}`, resolve))
  }
  const statusOf = ({ first }: Message) => Number(first.split(' ')[1])
  const login = async (message: Message, method: string, target: string) => {
    const challenge = message.headers.get('www-authenticate') ?? ''
    const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? ''
    const [realm, nonce, opaque, cnonce] = [field('realm'), field('nonce'), field('opaque'), token()]
    const secret = await own.md5(`${user}:${realm}:${password}`)
    const response = await own.md5(`${secret}:${nonce}:00000001:${cnonce}:auth:${await own.md5(`${method}:${target}`)}`)
    return `Authorization: Digest username="${user}",realm="${realm}",nonce="${nonce}",uri="${target}",response="${response}",algorithm=MD5,qop=auth,nc=00000001,cnonce="${cnonce}",opaque="${opaque}"`
  }
  const connection = async () => {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true })
    const created = new RTCPeerConnection()
    for (const track of media.getTracks()) created.addTrack(track, media)
    created.ontrack = ({ streams }) => {
      const player = new Audio()
      player.srcObject = streams[0] ?? null
      void player.play()
    }
    peer = created
    return created
  }
  const described = async (one: RTCPeerConnection, description: RTCSessionDescriptionInit) => {
    await one.setLocalDescription(description)
    while (one.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20))
    return one.localDescription?.sdp ?? ''
  }
  const respond = (message: Message, status: string, more: string[] = [], body = '') => {
    const copy = (name: string) => message.headers.get(name) ?? ''
    const to = copy('to').includes('tag=') ? copy('to') : `${copy('to')};tag=${user}`
    const head = message.vias.map((via) => `Via: ${via}`)
    const same = [`From: ${copy('from')}`, `To: ${to}`, `Call-ID: ${copy('call-id')}`, `CSeq: ${copy('cseq')}`]
    const typed = body === '' ? [] : ['Content-Type: application/sdp']
    send([`SIP/2.0 ${status}`, ...head, ...same, `Contact: ${contact}`, ...typed, ...more], body)
    return to
  }
  const answer = async (invite: Message) => {
    respond(invite, '180 Ringing')
    const one = await connection()
    await one.setRemoteDescription({ type: 'offer', sdp: invite.body })
    const sdp = await described(one, await one.createAnswer())
    const from = respond(invite, '200 OK', [], sdp)
    const target = /<([^>]+)>/.exec(invite.headers.get('contact') ?? '')?.[1] ?? aor
    dialogue = {
      target,
      from,
      to: invite.headers.get('from') ?? '',
      callId: invite.headers.get('call-id') ?? '',
      cseq: 1,
    }
    markAnswered()
  }
  socket.onmessage = ({ data }) => {
    const message = parse(String(data))
    if (message.first.startsWith('SIP/2.0')) {
      if (statusOf(message) >= 200)
        waiting.get(`${message.headers.get('call-id')} ${message.headers.get('cseq')}`)?.(message)
    } else if (message.first.startsWith('INVITE')) void answer(message)
    else if (!message.first.startsWith('ACK')) respond(message, '200 OK')
  }

  own.phone = {
    register: async () => {
      const call = { from: `<${aor}>;tag=${token()}`, to: `<${aor}>`, callId: token() }
      const first = await request('REGISTER', 'sip:pbx', { ...call, cseq: 1 }, ['Expires: 300'])
      if (statusOf(first) !== 401) return statusOf(first)
      const more = ['Expires: 300', await login(first, 'REGISTER', 'sip:pbx')]
      return statusOf(await request('REGISTER', 'sip:pbx', { ...call, cseq: 2 }, more))
    },
    call: async (number) => {
      const target = `sip:${number}@pbx`
      const call = { from: `<${aor}>;tag=${token()}`, to: `<${target}>`, callId: token() }
      const one = await connection()
      const sdp = await described(one, await one.createOffer())
      const acknowledge = (message: Message, cseq: number, to: string) =>
        send([
          `ACK ${to} SIP/2.0`,
          `Via: SIP/2.0/WS phone.invalid;branch=z9hG4bK${token()}`,
          `From: ${call.from}`,
          `To: ${message.headers.get('to')}`,
          `Call-ID: ${call.callId}`,
          `CSeq: ${cseq} ACK`,
          'Max-Forwards: 70',
        ])
      let cseq = 1
      let final = await request('INVITE', target, { ...call, cseq }, [], sdp)
      if (statusOf(final) === 401) {
        acknowledge(final, cseq, target)
        cseq = 2
        final = await request('INVITE', target, { ...call, cseq }, [await login(final, 'INVITE', target)], sdp)
      }
      const remote = /<([^>]+)>/.exec(final.headers.get('contact') ?? '')?.[1] ?? target
      acknowledge(final, cseq, remote)
      if (statusOf(final) !== 200) return statusOf(final)
      await one.setRemoteDescription({ type: 'answer', sdp: final.body })
      dialogue = { target: remote, from: call.from, to: final.headers.get('to') ?? '', callId: call.callId, cseq }
      return 200
    },
    answered: () => answered,
    audio: async () => {
      const stats = [...((await peer?.getStats()) ?? new Map()).values()]
      const of = (type: string) => stats.find((one) => one.type === type && (one.kind ?? 'audio') === 'audio') ?? {}
      const [inbound, outbound, transport] = [of('inbound-rtp'), of('outbound-rtp'), of('transport')]
      return {
        packetsReceived: inbound.packetsReceived ?? 0,
        packetsSent: outbound.packetsSent ?? 0,
        energy: inbound.totalAudioEnergy ?? 0,
        srtpCipher: transport.srtpCipher ?? '',
        codec: stats.find((one) => one.id === inbound.codecId)?.mimeType ?? '',
      }
    },
    hangUp: async () => {
      if (!dialogue) return
      await request('BYE', dialogue.target, { ...dialogue, cseq: dialogue.cseq + 1 })
      peer?.close()
      dialogue = undefined
    },
  }
}
