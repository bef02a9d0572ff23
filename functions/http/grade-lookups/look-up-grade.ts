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
 * One mark for one caller. Whatever is wrong, the same reads, writes and comparisons are made, so that time does not tell
 * an unknown number from a wrong PIN. Where the caller or the number is locked already, no try is counted: whoever is locked
 * locks nobody else.
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
  // A try is used up all the same: whoever guesses by night is as locked in the morning.
  const one = { isRight: isRight && isServed }
  const counting = isLocked ? [] : whose.map((who, n) => tries.take(site, { who, ...one }, now, windows[n]))
  const writing = [auditNow(refusal, { on: `grades/${student}` }), ...counting]
  // All of them, though one fail: an answer meanwhile would freeze the function in the middle of the others.
  await Promise.allSettled(writing)
  const [, ...taken] = await Promise.all(writing)
  const ended = taken.includes(false) ? refusalOf({ isServed, isLocked: true, isRight }) : refusal
  if (ended || !item) throw ended ?? unknownGrade()
  const { note, mention } = showGrade(item, scale)
  return { matricule, note, mention }
}

function refusalOf(lookup: { isServed: boolean; isLocked: boolean; isRight: boolean }): HttpProblemError | undefined {
  if (!lookup.isServed) return new HttpProblemError(403, 'lookup-closed', 'Marks are not looked up at this hour.')
  if (lookup.isLocked) return new HttpProblemError(403, 'lookup-locked', 'Too many lookups failed; try again later.')
  return lookup.isRight ? undefined : unknownGrade()
}
