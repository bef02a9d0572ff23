import { isOpen } from '../../../contracts/grades.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { GradeFound, GradeLookup } from '../../../contracts/routes/grades.ts'
import { sameText } from '../../domain/api-key.ts'
import { fingerprint } from '../../domain/grades/fingerprint.ts'
import type { GradeStore } from '../../stores/grades.ts'
import { isFull, type LookupTries } from '../../stores/lookup-tries.ts'
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
 * distinguish an unknown student from a wrong PIN. While the caller or the student is locked, no failure is counted, so that a
 * locked caller cannot lock other students.
 */
export async function lookUpGrade(
  site: SiteId,
  { matricule, caller, pin = '' }: GradeLookup,
  { store, tries, pepper, now, withinRate, auditNow }: LookUpGradeDependencies,
): Promise<GradeFound> {
  const student = fingerprint(pepper, 'matricule', site, matricule)
  const given = fingerprint(pepper, 'pin', site, matricule, pin)
  const whose = [fingerprint(pepper, 'caller', site, caller), student]
  const { item, scale, windows } = await store.getForLookup(site, matricule, whose)
  await withinRate
  const isRight = sameText(item?.pinHash ?? (item ? given : ''), given)
  const isServed = isOpen(scale.hours, now)
  const isLocked = windows.some((window) => isFull(window, now))
  const refusal = refusalOf({ isServed, isLocked, isRight })
  // Outside the hours every lookup counts as a failure, so that guesses at night lock the caller too.
  const one = { isRight: isRight && isServed }
  const counting = isLocked ? [] : whose.map((who, n) => tries.take(site, { who, ...one }, now, windows[n]))
  const writing = [auditNow(refusal, { on: `grades/${student}` }), ...counting]
  // Wait for all even if one fails: after the answer Lambda would freeze the others half done.
  await Promise.allSettled(writing)
  const [, ...taken] = await Promise.all(writing)
  const ended = taken.includes(false) ? refusalOf({ isServed, isLocked: true, isRight }) : refusal
  if (ended || !item) throw ended ?? unknownGrade()
  const { note, mention } = showGrade(item, scale)
  return { matricule, note, mention }
}

function refusalOf(lookup: { isServed: boolean; isLocked: boolean; isRight: boolean }): HttpProblemError | undefined {
  if (!lookup.isServed) return new HttpProblemError(403, 'lookup-closed', 'Marks cannot be looked up at this hour.')
  if (lookup.isLocked)
    return new HttpProblemError(
      403,
      'lookup-locked',
      'Too many lookups of this caller or student failed. Try again later.',
    )
  return lookup.isRight ? undefined : unknownGrade()
}
