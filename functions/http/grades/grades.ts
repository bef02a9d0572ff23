import { type Grade, honourOf, Matricule, type Scale } from '../../../contracts/grades.ts'
import { pageRowsDefault } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { GradeChange, GradePage } from '../../../contracts/routes/grades.ts'
import { fingerprint } from '../../domain/grades/fingerprint.ts'
import { noteOn } from '../../domain/grades/upload.ts'
import type { Expected, GradeItem, GradeStore } from '../../stores/grades.ts'
import { conditionsOf, readOutcome, strongTags, weakTags } from '../conditions.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { parseInput } from '../input.ts'
import { badFields, HttpProblemError } from '../problem.ts'
import { answer } from '../request.ts'

type Headers = Readonly<Record<string, string | undefined>>

export function showGrade({ matricule, note, mention, updatedAt }: GradeItem, scale: Scale): Grade {
  return { matricule, note, mention: mention ?? honourOf(note, scale), updatedAt }
}

/** Names the student in the audit by a fingerprint, never by number. */
function extrasOf(site: SiteId, matricule: string, pepper: string) {
  return { audit: { on: `grades/${fingerprint(pepper, 'matricule', site, matricule)}` } }
}

function shown(site: SiteId, item: GradeItem, scale: Scale, pepper: string) {
  const headers = { etag: `"${item.tag}"` }
  return { grade: showGrade(item, scale), extras: { headers, ...extrasOf(site, item.matricule, pepper) } }
}

interface GradeRequest {
  site: SiteId
  path: { matricule: string }
  headers: Headers
  now: number
}
interface GradeDependencies {
  store: GradeStore
  pepper: string
}

/** Answers 304 instead of the mark if the caller has it already (RFC 9110, 13.2.2). */
export async function getGrade({ site, path, headers }: GradeRequest, { store, pepper }: GradeDependencies) {
  const matricule = parseInput(Matricule, path.matricule, [], 'matricule')
  const [item, scale] = await Promise.all([store.get(site, matricule), store.scale(site)])
  if (!item) throw unknownGrade()
  const { grade, extras } = shown(site, item, scale, pepper)
  return readOutcome(headers, item.tag) === 'unchanged' ? answer(304, undefined, extras) : answer(200, grade, extras)
}

export async function putGrade(request: GradeRequest & { body: GradeChange }, { store, pepper }: GradeDependencies) {
  const { site, path, headers, now, body } = request
  const matricule = parseInput(Matricule, path.matricule, [], 'matricule')
  if (body.matricule !== undefined && body.matricule !== matricule)
    throw badFields([{ field: 'matricule', message: 'Differs from the student number in the path: leave it out.' }])
  const scale = await store.scale(site)
  const { mention, pin } = body
  const grade = {
    matricule,
    note: parseInput(noteOn(scale), body.note, [], 'note'),
    mention,
    pinHash: pin === undefined ? undefined : fingerprint(pepper, 'pin', site, matricule, pin),
    updatedAt: new Date(now).toISOString(),
  }
  const item = await store.put(site, grade, expectedBy(headers))
  if (!item) throw changedMeanwhile()
  return shown(site, item, scale, pepper)
}

export async function deleteGrade({ site, path, headers }: GradeRequest, { store, pepper }: GradeDependencies) {
  const matricule = parseInput(Matricule, path.matricule, [], 'matricule')
  const expected = expectedBy(headers)
  if (await store.delete(site, matricule, expected)) return extrasOf(site, matricule, pepper)
  // Without a mark, If-Match does not hold and If-None-Match does.
  const isAbsent = expected.oneOf === undefined && (await store.get(site, matricule)) === undefined
  throw isAbsent ? unknownGrade() : changedMeanwhile()
}

export async function listGrades(
  site: SiteId,
  query: { cursor?: string | undefined; limit?: number | undefined },
  { store, cursorKey }: { store: GradeStore; cursorKey: string },
): Promise<GradePage> {
  const limit = query.limit ?? pageRowsDefault
  const after = query.cursor === undefined ? undefined : readCursor('grades', site, Matricule, query.cursor, cursorKey)
  // One mark more than the page shows whether there is a next page.
  const [items, scale] = await Promise.all([store.list(site, after, limit + 1), store.scale(site)])
  const grades = items.slice(0, limit).map((item) => showGrade(item, scale))
  const last = grades.at(-1)
  if (items.length <= limit || !last) return { grades }
  return { grades, cursor: writeCursor('grades', site, last.matricule, cursorKey) }
}

/** Returns the conditions of a write (RFC 9110, 13.1): If-Match compares strongly, If-None-Match weakly. */
function expectedBy(headers: Headers): Expected {
  const { match, noneMatch } = conditionsOf(headers)
  return {
    oneOf: match === undefined || match === '*' ? match : strongTags(match),
    noneOf: noneMatch === undefined || noneMatch === '*' ? noneMatch : weakTags(noneMatch),
  }
}

export function unknownGrade(): HttpProblemError {
  return new HttpProblemError(404, 'grade-unknown', 'The site has no such mark.')
}

function changedMeanwhile(): HttpProblemError {
  return new HttpProblemError(
    412,
    'grade-changed',
    'The mark does not fulfil the condition. Read it again and use its ETag.',
  )
}
