import type { BridgeConfig } from '../config.ts'
import { CredentialsFile } from '../enrolment/credentials-file.ts'
import { Session, SessionRefusedError } from '../enrolment/session.ts'
import { FatalError } from '../failure.ts'
import { Sender } from '../forward/sender.ts'
import { readSigningKey } from '../forward/signing-key.ts'
import { sqsFault, startErrorFor } from '../forward/sqs-errors.ts'
import type { Check } from '../operate/checks.ts'
import { CloudClock } from '../operate/cloud-clock.ts'
import { describeError, type Log } from '../operate/log.ts'

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Compares this machine's clock with the time that the cloud answers with. */
export async function checkClock({ api, queues }: BridgeConfig): Promise<Check[]> {
  const clock = new CloudClock()
  const url = api ?? queues.live
  await clock.ask(url)
  const found = clock.check()
  if (found) return [found]
  const { host } = new URL(url)
  const repair = `Let the firewall pass HTTPS from this machine to ${host}, or correct ${api ? 'api' : 'queues'}`
  return [{ id: 'clock', state: 'failed', reason: `${host} does not answer with its time`, repair }]
}

/** Checks that the cloud knows this bridge, and that SQS knows the queues. Sends nothing. */
export async function checkCloud(config: BridgeConfig): Promise<Check[]> {
  const { api, site, key, region, credentialsFile, queues } = config
  const cloud = new CloudClock()
  let session: Session | undefined
  const found: Check[] = []
  if (api !== undefined) {
    try {
      const sign = await readSigningKey(key.privateKeyFile)
      session = new Session({ api, site, key: key.id, sign, log: silent, cloud })
      await session.provide()
      found.push({ id: 'session', state: 'ok', reason: `the cloud gives the bridge of ${site} a session` })
    } catch (error) {
      // The check of the key says what is wrong with it.
      if (error instanceof FatalError) return []
      if (!(error instanceof SessionRefusedError)) throw error
      return [{ id: 'session', state: 'failed', reason: error.message, repair: repairOf(error) }]
    }
  }
  const file =
    credentialsFile === undefined ? undefined : new CredentialsFile({ path: credentialsFile, log: silent, cloud })
  const source = session ?? file
  const sender = new Sender(region, { credentials: source?.provide, onExpired: source?.expired, clock: cloud })
  try {
    for (const name of ['live', 'records'] as const) {
      const fault = await probe(sender, name, queues[name])
      if (fault) return [...found, fault]
    }
    return [...found, { id: 'sqs', state: 'ok', reason: 'SQS answers for both queues' }]
  } finally {
    sender.stop()
  }
}

async function probe(sender: Sender, name: 'live' | 'records', url: string): Promise<Check | undefined> {
  try {
    await sender.probe(url)
    return undefined
  } catch (error) {
    // The role of the bridge may send and nothing else: a denial shows that the queue and the credentials are right.
    if (sqsFault(error) === 'denied') return undefined
    const failure = startErrorFor(error, name, url)
    const { host } = new URL(url)
    const reason = failure?.message ?? `no answer from ${host} (${describeError(error)})`
    const repair = failure
      ? `Correct queues.${name} or the credentials`
      : `Let the firewall pass HTTPS to ${host}, or correct queues.${name}`
    return { id: 'sqs', state: 'failed', reason, repair }
  }
}

function repairOf({ errorId }: SessionRefusedError): string {
  if (errorId === 'api-unreachable') return "Let the firewall pass HTTPS to the API's host, or correct api"
  if (errorId === 'clock-refused') return 'Set the clock by NTP: timedatectl set-ntp true'
  return 'Enrol the bridge again with a new code: switchhook-bridge enroll CODE --api URL --folder DIR'
}
