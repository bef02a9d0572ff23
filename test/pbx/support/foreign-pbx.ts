import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AriRequests } from '../../../bridge/asterisk/ari-connection.ts'
import { AriRest } from '../../../bridge/asterisk/ari-rest.ts'
import { diallingLink } from '../../../bridge/asterisk/ari-socket.ts'
import { AriIntake } from '../../../bridge/asterisk/intake.ts'
import { hasModules } from '../../../bridge/asterisk/loaded-modules.ts'
import { MailboxWatch } from '../../../bridge/asterisk/mailbox-watch.ts'
import { OddInput } from '../../../bridge/asterisk/odd-input.ts'
import { readSnapshot } from '../../../bridge/asterisk/resynchronise.ts'
import { type MailboxCount, Mailboxes } from '../../../bridge/normalise/mailboxes.ts'
import { type Fact, PbxState } from '../../../bridge/normalise/pbx-state.ts'
import { Counters } from '../../../bridge/operate/counters.ts'
import { createLog } from '../../../bridge/operate/log.ts'
import { PhoneSettings } from '../../../bridge/phone-settings.ts'
import { Quarantine } from '../../../bridge/spool/quarantine.ts'
import { until } from '../../support/until.ts'
import { startPbx, type TestPbx } from './pbx.ts'

/** A PBX whose configuration knows nothing of Switchhook but its ARI and AMI users. */
export interface ForeignPbx extends AsyncDisposable {
  it: TestPbx
  /** Lines that Asterisk has logged since its start as warnings or errors. */
  complaints(): Promise<string[]>
}

/** Longer than any bound of the bridge, as when a look-up answers with a whole page. */
export const longName = 'Page not found '.repeat(74)

const dialPlan = `[general]
static = yes

[internes]
exten => 60,1,Dial(PJSIP/5860,5)
exten => 61,1,Dial(PJSIP/5861,5)
exten => 500,1,Answer()
 same => n,Set(CALLERID(name)=${longName})
 same => n,Dial(PJSIP/5861,5)
exten => 501,1,Answer()
 same => n,Wait(0.3)
 same => n,Set(CALLERID(name)=Zoe Martin)
 same => n,Wait(20)

[entrants]
exten => _X!,1,Hangup()
`

/** Puts a foreign configuration into the sample PBX: other mailboxes, an endpoint for anonymous callers, a phone without a name. */
export async function startForeignPbx(): Promise<ForeignPbx> {
  const it = await startPbx({ ringSeconds: 5 })
  const file = (name: string) => join(it.pbx.configurationFolder, name)
  await writeFile(file('extensions.conf'), dialPlan)
  const pjsip = await readFile(file('pjsip.conf'), 'utf8')
  const changed = pjsip
    .replace('mailboxes = 6000@voicemail', 'mailboxes = 6000@voicemail,60')
    .replace('mailboxes = 6001@voicemail', `mailboxes = zoe.martin@host:5000,${'x'.repeat(300)}`)
    .replace('callerid = "Phone 60" <60>', 'callerid = <60>')
  await writeFile(file('pjsip.conf'), changed)
  await appendFile(file('pjsip.conf'), '\n[anonymous]\ntype = endpoint\ncontext = entrants\n')
  await appendFile(file('pjsip.conf'), '\n[5899](phone)\naors = 5899\n\n[5899](phone-aor)\n')
  await it.pbx.cli('dialplan reload')
  await it.pbx.cli('module reload res_pjsip.so')
  const begun = (await readFile(it.pbx.logFile, 'utf8')).length
  return {
    it,
    complaints: async () =>
      (await readFile(it.pbx.logFile, 'utf8'))
        .slice(begun)
        .split('\n')
        .filter((line) => /\b(WARNING|ERROR)\b/.test(line)),
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  }
}

/** The bridge's side of a PBX, without its spool and queues. */
export interface BridgeSide extends AsyncDisposable {
  readonly state: PbxState
  readonly counters: Counters
  readonly facts: readonly Fact[]
  /** Requests that Asterisk refused over ARI. */
  readonly refused: readonly string[]
  readonly mailboxes: { of(endpoint: string): MailboxCount | undefined; unfollowed: readonly string[] }
  /** How many connections to ARI there have been. */
  readonly connections: number
  /** Lets the bridge do everything that is due in so many half minutes. */
  idle(halfMinutes: number): Promise<void>
  /** Returns the state of a bridge that connects now and reads it over REST. */
  readAgain(): Promise<PbxState>
  /** Returns what the sweep would find. */
  differences(): Promise<string[]>
}

const halfMinuteMs = 30_000
/** The period of the sweep and of reading all mailboxes, in half minutes. */
const slowEvery = 10

export async function startBridgeSide({ pbx }: TestPbx, folder: string): Promise<BridgeSide> {
  const counters = new Counters()
  const log = createLog({ level: 'error', write: () => undefined })
  const state = new PbxState()
  const facts: Fact[] = []
  const refused: string[] = []
  const credentials = { user: pbx.ariUser, password: pbx.ariPassword }
  const requests = counted(new AriRest(pbx.ariUrl, credentials), refused)
  const link = diallingLink({ url: pbx.ariUrl, application: 'foreign', ...credentials })
  const stop = new AbortController()
  const quarantine = new Quarantine(folder)
  await quarantine.open()
  const now = () => new Date().toISOString()
  let [connections, isConnected, clockMs, readings] = [0, false, 0, 0]
  let unfollowed: readonly string[] = []
  const intake = new AriIntake({
    ari: { url: pbx.ariUrl, application: 'foreign', user: pbx.ariUser },
    link: {
      direction: 'inbound',
      async connect(onFrame, signal) {
        const connection = await link.connect(onFrame, signal)
        return {
          requests,
          closed: connection.closed,
          get lastSeenMs() {
            return connection.lastSeenMs
          },
          close: () => connection.close(),
        }
      },
    },
    counters,
    log,
    quarantine,
    async onConnected(snapshot, takeBuffered) {
      state.resynchronise(snapshot, now(), takeBuffered())
      connections += 1
      isConnected = true
    },
    onEvent: (event) => void facts.push(...state.apply(event, now())),
    onReplayed: () => undefined,
    onDisconnected: () => {
      isConnected = false
    },
    differences: (snapshot) => state.differences(snapshot, now()),
  })
  const counts = new Mailboxes()
  const watch = new MailboxWatch({
    address: { host: '127.0.0.1', port: pbx.amiPort, user: pbx.amiUser, password: pbx.amiPassword },
    counters,
    log,
    hasModules: (names) => hasModules(names, requests, stop.signal),
    endpoints: () => state.endpoints.all().map(({ endpoint }) => endpoint),
    onOwners: (owners) => void counts.setOwners(owners),
    onCount: (mailbox, count) => void counts.setCount(mailbox, count),
    onOther: () => undefined,
    onReading: (reading) => {
      if (reading.kind === 'read') unfollowed = reading.unfollowed
      readings += 1
    },
  })
  const settings = new PhoneSettings({
    requests,
    ami: watch.reader,
    anyChannel: () => state.calls.anyChannel(),
    known: {
      get isConnected() {
        return isConnected
      },
      get connections() {
        return connections
      },
      get phones() {
        return state.endpoints
      },
      publishEndpoints: (states) => facts.push(...states.map((one): Fact => ({ kind: 'endpoint', state: one }))),
    },
    counters,
    log,
    clock: { nowMs: Date.now, monotonicMs: () => clockMs },
  })
  const odd = new OddInput(counters, log)
  const differences = async () => state.differences(await readSnapshot(requests, stop.signal, odd), now())
  const first = Promise.withResolvers<void>()
  const running = [intake.run(stop.signal, first.resolve)]
  await first.promise
  running.push(watch.run(stop.signal))
  await until('the first reading of mailboxes', async () => readings > 0)
  return {
    state,
    counters,
    facts,
    refused,
    mailboxes: {
      of: (endpoint) => counts.of(endpoint),
      get unfollowed() {
        return unfollowed
      },
    },
    get connections() {
      return connections
    },
    differences,
    async readAgain() {
      const again = new PbxState()
      again.resynchronise(await readSnapshot(requests, stop.signal, odd), now())
      return again
    },
    async idle(halfMinutes) {
      for (let at = 0; at < halfMinutes; at += 1) {
        clockMs += halfMinuteMs
        await settings.tick(stop.signal)
        if (at % slowEvery > 0) continue
        const before = readings
        watch.refresh()
        await until('the mailboxes to be read', async () => readings > before)
        await differences()
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(running)
    },
  }
}

/** Notes each request that fails. */
function counted(rest: AriRequests, refused: string[]): AriRequests {
  const note = async (what: string, answer: Promise<unknown>) => {
    try {
      return await answer
    } catch (error) {
      refused.push(`${what}: ${error}`)
      throw error
    }
  }
  return {
    get: (path, signal) => note(path, rest.get(path, signal)),
    put: (path, body, signal) => note(path, rest.put(path, body, signal)),
    post: (path, body, signal) => note(path, rest.post(path, body, signal)),
    delete: (path, signal) => note(path, rest.delete(path, signal)),
  }
}
