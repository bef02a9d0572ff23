import { isOpen } from '../../../contracts/grades.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { GradeFound, GradeLookup } from '../../../contracts/routes/grades.ts'
import { sameText } from '../../domain/api-key.ts'
import { fingerprint } from '../../domain/grades/fingerprint.ts'
import { logOutcome } from '../../log.ts'
import type { GradeStore } from '../../stores/grades.ts'
import { isFull, type LookupTries, personLimit, siteLimit } from '../../stores/lookup-tries.ts'
import { showGrade, unknownGrade } from '../grades/grades.ts'
import { HttpProblemError } from '../problem.ts'
import type { HttpRequest } from '../request.ts'

interface LookUpGradeDependencies {
  store: GradeStore
  tries: LookupTries
  pepper: string
  now: number
  withinRate: Promise<void>
  auditNow: HttpRequest['auditNow']
}

/**
 * Returns one mark for one caller. Every outcome makes the same reads, writes and comparisons, so that timing does not
 * distinguish an unknown student from a wrong PIN. While the caller, the student or the site is locked, no failure is counted, so that a
 * locked caller cannot lock other students.
 */
export async function lookUpGrade(
  site: SiteId,
  { matricule, caller, pin = '' }: GradeLookup,
  { store, tries, pepper, now, withinRate, auditNow }: LookUpGradeDependencies,
): Promise<GradeFound> {
  const student = fingerprint(pepper, 'matricule', site, matricule)
  const given = fingerprint(pepper, 'pin', site, matricule, pin)
  const counters = [
    { who: fingerprint(pepper, 'caller', site, caller), limit: personLimit },
    { who: student, limit: personLimit },
    { who: 'site', limit: siteLimit },
  ]
  const whose = counters.map(({ who }) => who)
  const { item, scale, windows } = await store.getForLookup(site, matricule, whose)
  await withinRate
  const isRight = sameText(item?.pinHash ?? (item ? given : ''), given)
  const isServed = isOpen(scale.hours, now)
  const full = counters.map(({ limit }, n) => isFull(windows[n], now, limit))
  const isLocked = full.includes(true)
  const lookup = { site, isServed, isRight }
  const refusal = refusalOf({ ...lookup, full })
  // Outside the hours every lookup counts as a failure, so that guesses at night lock the caller too.
  const one = { isRight: isRight && isServed }
  const counting = isLocked
    ? []
    : counters.map((counter, n) => tries.take(site, { ...counter, ...one }, now, windows[n]))
  const writing = [auditNow(refusal, { on: `grades/${student}` }), ...counting]
  // Wait for all even if one fails: after the answer Lambda would freeze the others half done.
  await Promise.allSettled(writing)
  const [, ...taken] = await Promise.all(writing)
  const ended = taken.includes(false) ? refusalOf({ ...lookup, full: taken.map((isTaken) => !isTaken) }) : refusal
  if (ended || !item) throw ended ?? unknownGrade()
  const { note, mention } = showGrade(item, scale)
  return { matricule, note, mention }
}

interface Outcome {
  site: SiteId
  isServed: boolean
  isRight: boolean
  full: readonly boolean[]
}

/** `full`: whether the counters of caller, student and site have no try left. */
function refusalOf(lookup: Outcome): HttpProblemError | undefined {
  const { full } = lookup
  if (!lookup.isServed) return new HttpProblemError(403, 'lookup-closed', 'Marks cannot be looked up at this hour.')
  if (full[2]) {
    // Logged as an error because an alarm counts these: someone guesses numbers under many caller ids.
    logOutcome('error', 'lookup-cap', { site: lookup.site })
    return new HttpProblemError(403, 'lookup-cap', 'Too many lookups of this site failed in an hour. Try again later.')
  }
  if (full.includes(true))
    return new HttpProblemError(
      403,
      'lookup-locked',
      'Too many lookups of this caller or student failed. Try again later.',
    )
  return lookup.isRight ? undefined : unknownGrade()
}
