/** One measured figure. A time by itself says little of a machine; where there is one, `ratioTo` names what it is held against. */
export interface Figure {
  name: string
  value: number
  unit: string
  /** The bar, in words: `at most 1.5`. */
  target?: string
  /** What the value is a ratio to, measured in the same run. */
  ratioTo?: string
}

/** A bench: `bench/NAME.ts` exports `measure`. */
export interface Bench {
  measure(args: string[]): Promise<Figure[]>
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** The value below which the given part of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
