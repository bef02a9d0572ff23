import type { Position } from '../../stores/position.ts'
import type { Progress, RemovalJob } from '../../stores/removals.ts'

/**
 * One pass of a removal over all data, in steps. What is done is saved, so that the next invocation continues the pass: steps
 * that are done are not repeated, and the one under way goes on behind its last item.
 */
export class Pass {
  readonly #job: RemovalJob
  readonly #save: (progress: Progress) => Promise<void>
  #counts: Record<string, number> = {}
  #done: string[]
  #months: string[]
  #at: RemovalJob['at']
  #hasFound: boolean
  #unreadable: Record<string, number>

  constructor(job: RemovalJob, save: (progress: Progress) => Promise<void>) {
    this.#job = job
    this.#save = save
    this.#done = [...(job.done ?? [])]
    this.#months = [...job.months]
    this.#at = job.at
    this.#hasFound = job.hasFound ?? false
    // Each pass counts them again: they stay where they are.
    this.#unreadable = job.done === undefined ? {} : { ...job.unreadable }
  }

  /** Whether this pass has found something, also in an earlier invocation. */
  get hasFound(): boolean {
    return this.#hasFound
  }

  /** Months in which an earlier invocation or pass found something. */
  get known(): ReadonlySet<string> {
    return new Set(this.#job.months)
  }

  isDone(step: string): boolean {
    return this.#done.includes(step)
  }

  readonly count = (name: string, items: number): void => {
    if (items === 0) return
    this.#hasFound = true
    this.#counts[name] = (this.#counts[name] ?? 0) + items
  }

  /** Counts items that this version cannot read, for the receipt. They are no reason for another pass. */
  unreadable(name: string, items: number): void {
    if (items > 0) this.#unreadable[name] = (this.#unreadable[name] ?? 0) + items
  }

  /** The pass was not able to look everywhere, so that another one has to follow. */
  repeat(): void {
    this.#hasFound = true
  }

  /** Runs a step unless this pass has done it. `name` is that of the counts; the step is named by it and `of`. */
  async step(name: string, of: string, act: (position: Position) => Promise<unknown>): Promise<void> {
    const step = of === '' ? name : `${of}/${name}`
    if (this.isDone(step)) return
    await act({
      after: this.#at?.step === step ? this.#at.key : undefined,
      reached: async (key) => {
        this.#at = { step, key }
        await this.save()
      },
      count: (items) => this.count(name, items),
      unreadable: (items) => this.unreadable(name, items),
    })
    await this.finish(step)
  }

  /** Notes a step as done, and forgets the steps within it. */
  async finish(step: string): Promise<void> {
    this.#done = [...this.#done.filter((one) => !one.startsWith(`${step}/`)), step]
    this.#at = undefined
    await this.save()
  }

  async remember(month: string): Promise<void> {
    this.#months = [...new Set([...this.#months, month])]
    await this.save()
  }

  async save(more: Partial<Progress> = {}): Promise<void> {
    const counts = this.#counts
    this.#counts = {}
    const unreadable = Object.keys(this.#unreadable).length > 0 ? this.#unreadable : undefined
    const state = { done: this.#done, at: this.#at, months: this.#months, hasFound: this.#hasFound, unreadable }
    await this.#save({ counts, ...state, ...more })
  }
}
