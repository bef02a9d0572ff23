import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { Honour, Matricule, Note, Scale, usualScale } from '../../contracts/grades.ts'
import { type SiteId, Timestamp } from '../../contracts/names.ts'
import { type Condition, ifPresent } from './expressions.ts'
import { Window } from './lookup-tries.ts'
import { type BatchWrite, batchWriteMax, type ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'

/** A stored mark. `mention` is absent if none was given; `tag` changes with each write; `pinHash` is a fingerprint. */
const GradeItem = v.looseObject({
  matricule: Matricule,
  note: Note,
  mention: v.optional(Honour),
  pinHash: v.optional(v.string()),
  updatedAt: Timestamp,
  tag: v.string(),
})
export type GradeItem = v.InferOutput<typeof GradeItem>
export type NewGrade = Pick<GradeItem, 'matricule' | 'note' | 'mention' | 'pinHash' | 'updatedAt'>
const ScaleItem = v.looseObject({ scale: Scale })

/** Which marks let a write through, by their tags; `*` stands for any mark. Both conditions have to hold. */
export interface Expected {
  /** The stored mark is one of these. */
  oneOf?: '*' | readonly string[] | undefined
  /** The stored mark is none of these, or there is none. */
  noneOf?: '*' | readonly string[] | undefined
}

/** What a lookup reads. A window is undefined if there is none, and `windows` is empty if they were not read. */
export interface LookupData {
  item: GradeItem | undefined
  scale: Scale
  windows: (Window | undefined)[]
}

/** Concurrent batches: 10,000 rows are 400 batches, in 25 rounds of about 10 ms. */
const batchesAtOnce = 16
/** Rounds for what DynamoDB did not take at once. After them the upload fails and may be sent again. */
const roundsMax = 5

/** DynamoDB was too busy to take a whole upload. The same upload can be sent again. */
export class UploadUnfinishedError extends SwitchhookError {
  readonly errorId = 'grade-upload-unfinished'
  override shouldRetry(): boolean {
    return true
  }
}

/** Stores the marks of a site and its grading scale. */
export class GradeStore extends Store {
  async get(site: SiteId, matricule: string): Promise<GradeItem | undefined> {
    return this.table.get(GradeItem, keys.grade(site, matricule), 'consistent')
  }

  /** Reads a mark, the scale and the windows of failed lookups (by fingerprint) in one request. */
  async getForLookup(site: SiteId, matricule: string, whose: readonly string[]): Promise<LookupData> {
    const [grade, scale, tries] = [
      keys.grade(site, matricule),
      keys.gradeScale(site),
      whose.map((who) => keys.lookupTries(site, who)),
    ]
    const { items, unprocessed } = await this.table.batchGet([grade, scale, ...tries], 'consistent')
    if (unprocessed.length > 0) return this.#getSingly(site, matricule)
    const at = ({ pk, sk }: ItemKey) => items.find((item) => item['pk'] === pk && item['sk'] === sk)
    const [item, given] = [at(grade), at(scale)]
    return {
      item: item && v.parse(GradeItem, item),
      scale: given ? v.parse(ScaleItem, given).scale : usualScale,
      windows: tries.map((key) => v.parse(v.optional(Window), at(key))),
    }
  }

  /**
   * Reads mark and scale by requests of their own, which the SDK retries: DynamoDB leaves out of a batch what it is too busy
   * for. The windows are not read; the write that counts a try finds out about them.
   */
  async #getSingly(site: SiteId, matricule: string): Promise<LookupData> {
    const [item, scale] = await Promise.all([this.get(site, matricule), this.scale(site)])
    return { item, scale, windows: [] }
  }

  /** Stores a mark and returns it; undefined if the stored one is not an expected one. */
  async put(site: SiteId, grade: NewGrade, expected: Expected): Promise<GradeItem | undefined> {
    const item = { ...grade, tag: randomUUID() }
    const row = { ...keys.grade(site, grade.matricule), ...item }
    const condition = conditionOf(expected)
    if (condition && !(await this.table.putIf(row, condition))) return undefined
    if (!condition) await this.table.put(row)
    return item
  }

  /** Returns false if the stored mark is not an expected one, or there is none. */
  async delete(site: SiteId, matricule: string, expected: Expected): Promise<boolean> {
    const { oneOf = '*', noneOf } = expected
    return this.table.deleteIf(keys.grade(site, matricule), conditionOf({ oneOf, noneOf }) ?? ifPresent)
  }

  async list(site: SiteId, after: string | undefined, limit: number): Promise<GradeItem[]> {
    const { pk } = keys.grade(site, '')
    return (await this.table.page(GradeItem, { pk, sk: { after: after ?? ' ' }, read: 'eventual', limit })).items
  }

  /** Stores all marks and replaces those that exist. Repeating it has no other effect, so a failed upload can be sent again. */
  async putAll(site: SiteId, grades: readonly NewGrade[]): Promise<void> {
    const puts = grades.map(
      (grade): BatchWrite => ({
        PutRequest: { Item: { ...keys.grade(site, grade.matricule), ...grade, tag: randomUUID() } },
      }),
    )
    const batches = Array.from({ length: Math.ceil(puts.length / batchWriteMax) }, (_, n) =>
      puts.slice(n * batchWriteMax, (n + 1) * batchWriteMax),
    )
    for (let n = 0; n < batches.length; n += batchesAtOnce) {
      await Promise.all(batches.slice(n, n + batchesAtOnce).map((batch) => this.#putBatch(batch)))
    }
  }

  async #putBatch(batch: readonly BatchWrite[]): Promise<void> {
    let left = batch
    for (let round = 0; left.length > 0; round += 1) {
      if (round === roundsMax) throw new UploadUnfinishedError(`the table did not take ${left.length} marks`)
      left = await this.table.batchWrite(left)
    }
  }

  async scale(site: SiteId): Promise<Scale> {
    return (await this.table.get(ScaleItem, keys.gradeScale(site), 'consistent'))?.scale ?? usualScale
  }

  async putScale(site: SiteId, scale: Scale): Promise<void> {
    await this.table.put({ ...keys.gradeScale(site), scale })
  }
}

/** DynamoDB's `IN` takes at most a hundred values. */
const valuesMax = 100

function conditionOf({ oneOf, noneOf }: Expected): Condition | undefined {
  const values: Record<string, string> = {}
  const isIn = (prefix: string, tags: readonly string[]) => {
    for (const [n, tag] of tags.entries()) values[`${prefix}${n}`] = tag
    const names = tags.map((_, n) => `:${prefix}${n}`)
    const groups = Array.from({ length: Math.ceil(names.length / valuesMax) }, (_, n) =>
      names.slice(n * valuesMax, (n + 1) * valuesMax),
    )
    return `(${groups.map((group) => `tag IN (${group.join(', ')})`).join(' OR ')})`
  }
  const never = 'attribute_exists(pk) AND attribute_not_exists(pk)'
  const conditions: string[] = []
  if (oneOf === '*') conditions.push('attribute_exists(pk)')
  else if (oneOf) conditions.push(oneOf.length > 0 ? isIn('one', oneOf) : never)
  if (noneOf === '*') conditions.push('attribute_not_exists(pk)')
  else if (noneOf) conditions.push(`(attribute_not_exists(pk) OR NOT ${isIn('none', noneOf)})`)
  return conditions.length > 0 ? { condition: conditions.join(' AND '), values } : undefined
}
