import { isOpen } from '../../../contracts/grades.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { GradeFound, GradeLookup } from '../../../contracts/operations/grades.ts'
import { sameText } from '../../domain/api-key.ts'
import { fingerprint } from '../../domain/grades/fingerprint.ts'
import type { GradeStore } from '../../stores/grades.ts'
import type { LookupTries } from '../../stores/lookup-tries.ts'
import { showGrade, unknownGrade } from '../grades/grades.ts'
import { HttpProblem } from '../problem.ts'

interface LookingUp {
  store: GradeStore
  tries: LookupTries
  pepper: string
  now: number
  withinRate: Promise<void>
}

/**
 * One mark for one caller. Whatever is wrong, the same reads, writes and comparisons are made, so that time does not tell
 * an unknown number from a wrong PIN.
 */
export async function lookUpGrade(
  site: SiteId,
  { matricule, caller, pin = '' }: GradeLookup,
  { store, tries, pepper, now, withinRate }: LookingUp,
): Promise<{ found: GradeFound; on: string }> {
  const student = fingerprint(pepper, 'matricule', site, matricule)
  const given = fingerprint(pepper, 'pin', site, matricule, pin)
  const { item, scale } = await store.getWithScale(site, matricule)
  await withinRate
  const isRight = sameText(item?.pinHash ?? (item ? given : ''), given)
  const isServed = isOpen(scale.hours, now)
  // A try is used up all the same: whoever guesses by night is as locked in the morning.
  const whose = [fingerprint(pepper, 'caller', site, caller), student]
  const taken = await Promise.all(whose.map((who) => tries.take(site, { who, isRight: isRight && isServed }, now)))
  if (!isServed) throw new HttpProblem(403, 'lookup-closed', 'Marks are not looked up at this hour.')
  if (taken.includes(false)) throw new HttpProblem(403, 'lookup-locked', 'Too many lookups failed; try again later.')
  if (!item || !isRight) throw unknownGrade()
  const { note, mention } = showGrade(item, scale)
  return { found: { matricule, note, mention }, on: `grades/${student}` }
}
