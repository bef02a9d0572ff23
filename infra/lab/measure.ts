import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { AsteriskInstance } from '../asterisk/instance.ts'
import { type Agents, startAgents } from './agents.ts'
import { LabCommandError, LabStuckError } from './errors.ts'
import { makeNetworks, type Networks } from './network.ts'
import { numbers } from './pbx-files.ts'
import type { Situation } from './situation.ts'
import { startTrace } from './trace.ts'
import type { CallSeen, Seen } from './verdict.ts'

export interface MeasureOptions {
  readonly root: string
  /** Work folder, removed by the caller. */
  readonly folder: string
  readonly traceFile: string
}

const LOOK_MS = 50
/** A registration takes 0.1 s on an idle machine. */
const REGISTER_SECONDS_MAX = 60
/** How long a registration or call is waited for that cannot succeed; the phone repeats its request four times in this time. */
const NOTHING_SECONDS = 8
/** The PBX gives up a phone that says nothing after 12 s. */
const ARRIVE_SECONDS_MAX = 40
/** Both phones send 50 packets a second: a little more than is needed. */
const packetsSent = 170
const TALK_SECONDS_MAX = 40
/** Asterisk repeats BYE after 0.5, 1.5 and 3.5 s. */
const NOTICE_SECONDS_MAX = 4
const IDLE_SECONDS_MAX = 60

/** Builds the networks of a situation, makes both calls, and removes everything. */
export async function measure(situation: Situation, { root, folder, traceFile }: MeasureOptions): Promise<Seen> {
  await mkdir(folder, { recursive: true })
  await using networks = await makeNetworks(situation, folder)
  await using _trace = await startTrace(networks.router, traceFile, folder)
  await using agents = await startAgents(situation, networks, { root, folder })
  if (!(await holds(REGISTER_SECONDS_MAX, () => isRegistered(agents.b))))
    throw new LabStuckError('phone B to register', REGISTER_SECONDS_MAX)
  const seconds = situation.registers ? REGISTER_SECONDS_MAX : NOTHING_SECONDS
  const registered = await holds(seconds, () => isRegistered(agents.a))
  await delay((situation.idleSeconds ?? 0) * 1000)
  const toA = await callOnce('A', agents, networks, ARRIVE_SECONDS_MAX)
  // A phone whose registration gets no answer does not get one to its call either.
  const fromA = await callOnce('B', agents, networks, registered ? ARRIVE_SECONDS_MAX : NOTHING_SECONDS)
  return { registered, toA, fromA }
}

const isRegistered = async (phone: AsteriskInstance) => / Registered /.test(await phone.cli('pjsip show registrations'))

/** Calls one phone from the other, lets both speak, and lets B hang up first. */
async function callOnce(
  called: 'A' | 'B',
  { pbx, a, b }: Agents,
  networks: Networks,
  arriveSeconds: number,
): Promise<CallSeen> {
  const [caller, callee, number] = called === 'A' ? [b, a, numbers.a] : [a, b, numbers.b]
  const before = await networks.count()
  const [calleeBefore, pbxBefore] = [await processed(callee), await processed(pbx)]
  const answer = await caller.cli(`channel originate PJSIP/${number}@line extension caller@phone`)
  if (/No such command/.test(answer)) throw new LabCommandError('channel originate', answer)
  const hasArrived = async () => (await processed(callee)) > calleeBefore
  const isOver = async () => (await processed(pbx)) > pbxBefore && (await active(pbx)) === 0
  await holds(arriveSeconds, async () => (await hasArrived()) || isOver())
  const arrived = await hasArrived()
  const counts = async () => {
    const now = await networks.count()
    return {
      heardByA: now.a.heard - before.a.heard,
      heardByB: now.b.heard - before.b.heard,
      sentByA: now.a.sent - before.a.sent,
      sentByB: now.b.sent - before.b.sent,
    }
  }
  if (!arrived) {
    await hangUpAll([caller, callee, pbx])
    return { arrived, ...(await counts()) }
  }
  const isEnough = async () => {
    const { sentByA, sentByB } = await counts()
    return Math.min(sentByA, sentByB) >= packetsSent
  }
  await holds(TALK_SECONDS_MAX, isEnough)
  const seen = await counts()
  await b.cli('channel request hangup all')
  const endReachedA = await holds(NOTICE_SECONDS_MAX, async () => (await active(a)) === 0)
  await hangUpAll([a, b, pbx])
  return { arrived, ...seen, endReachedA }
}

async function hangUpAll(all: readonly AsteriskInstance[]): Promise<void> {
  for (const one of all) await one.cli('channel request hangup all')
  const isIdle = async () => (await Promise.all(all.map(active))).every((count) => count === 0)
  if (!(await holds(IDLE_SECONDS_MAX, isIdle))) throw new LabStuckError('the calls to end', IDLE_SECONDS_MAX)
}

const active = (one: AsteriskInstance) => countOf(one, /(\d+) active channels?/)
const processed = (one: AsteriskInstance) => countOf(one, /(\d+) calls? processed/)

async function countOf(one: AsteriskInstance, pattern: RegExp): Promise<number> {
  return Number(pattern.exec(await one.cli('core show channels count'))?.[1] ?? Number.NaN)
}

/** Returns whether a condition becomes true within some seconds. */
async function holds(seconds: number, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000
  while (!(await condition())) {
    if (performance.now() > deadline) return false
    await delay(LOOK_MS)
  }
  return true
}

/** Folder of a situation in the work folder; short, because the path of a Unix socket is limited. */
export const workFolder = (work: string, run: number, { id }: Situation) => join(work, `${run}${id}`)
