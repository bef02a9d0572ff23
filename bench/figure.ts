/**
 * One measured figure. A time alone says little about a machine, so a bar on a time is always a bar on a ratio to
 * something that the same run measured. Counts and sizes have bars of their own: they do not depend on the machine.
 */
export interface Figure {
  name: string
  value: number
  unit: string
  /** The bar, in words: `at most 1.5`. */
  target?: string
  /** What the value is divided by, measured in the same run. */
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

/** Returns the value below which the given part of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

export async function secondsOf(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await act()
  return (performance.now() - started) / 1000
}
