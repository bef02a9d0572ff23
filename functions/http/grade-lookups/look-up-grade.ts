import { isOpen } from '../../../contracts/grades.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { GradeFound, GradeLookup } from '../../../contracts/operations/grades.ts'
import { sameText } from '../../domain/api-key.ts'
import { fingerprint } from '../../domain/grades/fingerprint.ts'
import type { GradeStore } from '../../stores/grades.ts'
import type { LookupTries } from '../../stores/lookup-tries.ts'
import { showGrade, unknownGrade } from '../grades/grades.ts'
import { HttpProblem } from '../problem.ts'

/**
 * One mark for one caller. Whatever is wrong, the same reads, writes and comparisons are made, so that time does not tell
 * an unknown number from a wrong PIN.
 */
export async function lookUpGrade(
  site: SiteId,
  { matricule, caller, pin = '' }: GradeLookup,
  { store, tries, pepper, now }: { store: GradeStore; tries: LookupTries; pepper: string; now: number },
): Promise<{ found: GradeFound; on: string }> {
  const student = fingerprint(pepper, 'matricule', site, matricule)
  const counted = [fingerprint(pepper, 'caller', site, caller), student]
  const [item, scale, ...taken] = await Promise.all([
    store.get(site, matricule),
    store.scale(site),
    ...counted.map((who) => tries.take(site, who, now)),
  ])
  // A try is used up all the same: whoever guesses by night is as locked in the morning.
  if (!isOpen(scale.hours, now)) throw new HttpProblem(403, 'lookup-closed', 'Marks are not looked up at this hour.')
  if (taken.includes(false)) throw new HttpProblem(403, 'lookup-locked', 'Too many lookups failed; try again later.')
  const given = fingerprint(pepper, 'pin', site, matricule, pin)
  const isRight = sameText(item?.pinHash ?? (item ? given : ''), given)
  if (!item || !isRight) throw unknownGrade()
  await Promise.all(counted.map((who) => tries.giveBack(site, who)))
  const { note, mention } = showGrade(item, scale)
  return { found: { matricule, note, mention }, on: `grades/${student}` }
}
