import type { BridgeConfig } from '../config.ts'
import { openSender } from '../connections.ts'
import { SessionRefusedError } from '../enrolment/session.ts'
import { FatalError } from '../failure.ts'
import { type ProbeDependencies, probeQueue, queueNames } from '../forward/probe.ts'
import { readSigningKey } from '../forward/signing-key.ts'
import type { Check } from '../operate/checks.ts'
import { CloudClock } from '../operate/cloud-clock.ts'
import type { Log } from '../operate/log.ts'

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
  const sign = await readSigningKey(config.key.privateKeyFile).catch(fatalOnly)
  // The check of the key says what is wrong with it.
  if (!sign) return []
  const { session, sender, clock, canRenew } = openSender(config, sign, silent)
  const found: Check[] = []
  try {
    if (session) {
      await session.provide()
      found.push({ id: 'session', state: 'ok', reason: `the cloud gives the bridge of ${config.site} a session` })
    }
    for (const name of queueNames) {
      const fault = await queueFault(name, config.queues[name], { sender, log: silent, clock, canRenew })
      if (fault) return [...found, fault]
    }
    return [...found, { id: 'sqs', state: 'ok', reason: 'SQS answers for both queues' }]
  } catch (error) {
    if (!(error instanceof SessionRefusedError)) throw error
    return [{ id: 'session', state: 'failed', reason: error.message, repair: repairOf(error) }]
  } finally {
    sender.stop()
  }
}

async function queueFault(name: string, url: string, dependencies: ProbeDependencies): Promise<Check | undefined> {
  const { host } = new URL(url)
  try {
    const probed = await probeQueue(name, url, dependencies)
    if (probed.kind !== 'unchecked') return undefined
    const repair = `Let the firewall pass HTTPS to ${host}, or correct queues.${name}`
    return { id: 'sqs', state: 'failed', reason: `no answer from ${host} (${probed.reason})`, repair }
  } catch (error) {
    if (!(error instanceof FatalError)) throw error
    return { id: 'sqs', state: 'failed', reason: error.message, repair: `Correct queues.${name} or the credentials` }
  }
}

function fatalOnly(error: unknown): undefined {
  if (!(error instanceof FatalError)) throw error
  return undefined
}

function repairOf({ errorId }: SessionRefusedError): string {
  if (errorId === 'api-unreachable') return "Let the firewall pass HTTPS to the API's host, or correct api"
  if (errorId === 'clock-refused') return 'Set the clock by NTP: timedatectl set-ntp true'
  return 'Enrol the bridge again with a new code: switchhook-bridge enroll CODE --api URL --folder DIR'
}
