import { SwitchhookError } from '../../../contracts/errors.ts'
import type { FraudSettings } from '../../../contracts/fraud.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { destinationOf } from '../../domain/fraud/destination.ts'
import { judge, judgeAgain, type OutsideCall, type Suspicion } from '../../domain/fraud/judge.ts'
import { outsideOfCdr, outsideOfFact } from '../../domain/fraud/observe.ts'
import type { FraudState, SeenCall } from '../../domain/fraud/state.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { eventId, type StoredEvent } from '../../domain/webhooks/event.ts'
import type { EventMessage } from '../../gateways/event-queue.ts'
import { logOutcome } from '../../log.ts'
import type { Publish } from './publish.ts'

export interface FraudDependencies {
  states: {
    read(site: SiteId): Promise<{ state: FraudState; rev: number }>
    replace(site: SiteId, state: FraudState, rev: number): Promise<boolean>
  }
  /** How the site reads numbers, its zone and its settings of the watch. */
  localeOf(site: SiteId): Promise<Numbering & { zone: string; fraud: FraudSettings }>
  liveCalls(site: SiteId): Promise<ReadonlySet<string>>
  queue(message: EventMessage, delaySeconds: number): Promise<void>
  now: () => number
}

/** Several processes changed the state of the site at the same time; SQS delivers the message again. */
export class FraudStateBusyError extends SwitchhookError {
  readonly errorId = 'fraud-state-busy'
  override shouldRetry(): boolean {
    return true
  }
}

/** At most eight processes make events at a time, and each of them may win once before this one. */
const triesMax = 10
/** Calls in progress are judged again after this time, for a day at most. */
const lookSeconds = 300
const looksMax = 288

/**
 * Judges the calls to the outside of a message, and publishes `fraud.suspected`. The event is published before the state is stored, so a
 * crash in between makes the same event again, with the same id: one for an extension and an hour.
 */
export async function watchFraud(
  { site, facts = [], cdrs = [], outside, looks = 0 }: EventMessage,
  dependencies: FraudDependencies,
  publish: Publish,
): Promise<void> {
  if (outside === undefined && cdrs.length === 0 && !facts.some(({ type }) => type === 'switchhook.call.v1')) return
  const locale = await dependencies.localeOf(site)
  // Most calls to the outside cost nothing to speak of, and cost no read of the state either.
  const seen = [
    ...facts.flatMap((fact) => (fact.type === 'switchhook.call.v1' ? outsideOfFact(fact.data, locale) : [])),
    ...cdrs.flatMap((cdr) => outsideOfCdr(cdr, locale)),
  ]
    .filter(({ dialled }) => destinationOf(dialled, locale) !== undefined)
    .sort((a, b) => a.start - b.start)
  const again = outside === undefined ? [] : await stillLive(site, outside, dependencies)
  if (seen.length === 0 && again.length === 0) return
  const context = {
    site,
    numbering: locale,
    zone: locale.zone,
    settings: locale.fraud,
    now: Math.floor(dependencies.now() / 1000),
  }
  for (let tried = 0; tried < triesMax; tried += 1) {
    const { state: before, rev } = await dependencies.states.read(site)
    const { state, suspicions } = judgeAll(before, seen, again, context)
    if (state === before) return
    for (const suspicion of suspicions) await publishSuspicion(site, suspicion, publish)
    if (await dependencies.states.replace(site, state, rev)) {
      const open = newlyOpen(before, state)
      if (outside === undefined && open.length > 0)
        await dependencies.queue({ site, outside: open, looks: 1 }, lookSeconds)
      if (again.length > 0 && looks < looksMax)
        await dependencies.queue({ site, outside: [...again], looks: looks + 1 }, lookSeconds)
      return
    }
  }
  throw new FraudStateBusyError(`the state of calls to the outside of ${site} was changed ${triesMax} times meanwhile`)
}

function judgeAll(
  before: FraudState,
  seen: readonly OutsideCall[],
  again: readonly string[],
  context: Parameters<typeof judge>[2],
): { state: FraudState; suspicions: Suspicion[] } {
  const suspicions: Suspicion[] = []
  let state = before
  const take = (judged: ReturnType<typeof judge>) => {
    state = judged.state
    if (judged.suspicion) suspicions.push(judged.suspicion)
  }
  for (const call of seen) take(judge(state, call, context))
  for (const id of again)
    for (const call of state.calls.filter((one) => one.call === id && one.end === undefined))
      take(judgeAgain(state, call, context))
  return { state, suspicions }
}

async function stillLive(
  site: SiteId,
  calls: readonly string[],
  { liveCalls }: FraudDependencies,
): Promise<readonly string[]> {
  const live = await liveCalls(site)
  return calls.filter((call) => live.has(call))
}

/** Calls that were answered since the state before, and go on. */
function newlyOpen(before: FraudState, after: FraudState): string[] {
  const wasOpen = new Set(before.calls.filter(isOpen).map(({ call }) => call))
  return [...new Set(after.calls.filter(isOpen).map(({ call }) => call))].filter((call) => !wasOpen.has(call))
}

function isOpen({ answer, end }: SeenCall): boolean {
  return answer !== undefined && end === undefined
}

async function publishSuspicion(site: SiteId, suspicion: Suspicion, publish: Publish): Promise<void> {
  const { at, ...data } = suspicion
  const hour = String(Math.floor(at / 3600))
  const event: StoredEvent = {
    id: eventId(site, 'fraud.suspected', data.extension, hour),
    type: 'fraud.suspected',
    time: new Date(at * 1000).toISOString(),
    subject: data.call,
    data,
  }
  await publish(site, [event])
  logOutcome('warn', 'fraud-suspected', { site, reasons: data.reasons.join(' '), calls: data.calls })
}
