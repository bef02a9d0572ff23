import type { SiteId } from '../../../contracts/names.ts'
import { gradeRowsMax, type Upload, type UploadResult } from '../../../contracts/routes/grades.ts'
import { fingerprint } from '../../domain/grades/fingerprint.ts'
import { readUpload } from '../../domain/grades/upload.ts'
import type { GradeStore } from '../../stores/grades.ts'
import { HttpProblemError } from '../problem.ts'

/** One a row: 10,000 faults are 1.5 MB, and an answer has at most 6 MB. */
const faultsMax = gradeRowsMax

/** Writes all rows, or none if one is wrong. A dry run writes nothing and answers the faults. */
export async function uploadGrades(
  site: SiteId,
  upload: Upload,
  { store, pepper, now, dryRun }: { store: GradeStore; pepper: string; now: number; dryRun: boolean },
): Promise<UploadResult> {
  const { rows, faults: all, count } = readUpload(upload, await store.scale(site))
  const faults = all.slice(0, faultsMax)
  if (dryRun) return { rows: count, written: 0, dryRun, faults }
  if (all.length > 0) {
    const errors = faults.map(({ row, field, message }) => ({ field: `rows.${row}.${field}`, message }))
    throw new HttpProblemError(422, 'rows-invalid', `${all.length} faults: see \`errors\`. Nothing was written.`, {
      errors,
    })
  }
  const updatedAt = new Date(now).toISOString()
  const grades = rows.map(({ matricule, note, mention, pin }) => ({
    matricule,
    note,
    mention,
    pinHash: pin === undefined ? undefined : fingerprint(pepper, 'pin', site, matricule, pin),
    updatedAt,
  }))
  await store.putAll(site, grades)
  return { rows: count, written: grades.length, dryRun, faults }
}
