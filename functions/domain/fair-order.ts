/**
 * Returns up to `most` items so that no site waits for ever behind another: one item of each site, then a second one of each, and
 * so on. `turn` is a number that rises with each run; the sites begin at another one each time. The items of a site keep their
 * order.
 */
export function fairOrder<T extends { site: string }>(items: readonly T[], most: number, turn: number): T[] {
  const bySite = [...Map.groupBy(items, ({ site }) => site).values()]
  const first = bySite.length === 0 ? 0 : turn % bySite.length
  const sites = [...bySite.slice(first), ...bySite.slice(0, first)]
  const rounds = Math.max(0, ...sites.map((own) => own.length))
  const ordered: T[] = []
  for (let round = 0; round < rounds && ordered.length < most; round += 1) {
    for (const own of sites) ordered.push(...own.slice(round, round + 1))
  }
  return ordered.slice(0, most)
}

/** Length of a turn: the tasks that use this order run once a minute. */
const turnMs = 60_000

export function turnAt(now: number): number {
  return Math.floor(now / turnMs)
}
