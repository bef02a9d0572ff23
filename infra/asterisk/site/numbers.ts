import type { Site, TargetOfCall, TrunkOfSite } from './schema.ts'

/** A place in `site.yaml`: keys and indexes from the top. */
export type Path = readonly (string | number)[]

/** All trunks: that of the short form first. */
export function trunksOf({ trunk, trunks }: Pick<Site, 'trunk' | 'trunks'>): TrunkOfSite[] {
  return [...(trunk ? [trunk] : []), ...trunks]
}

/** Where a trunk stands in `site.yaml`. */
export function trunkPaths({ trunk, trunks }: Pick<Site, 'trunk' | 'trunks'>): Path[] {
  return [...(trunk ? [['trunk']] : []), ...trunks.map((_, n) => ['trunks', n])]
}

/** Every number that phones may dial inside, with its place in `site.yaml`. */
export function internalNumbers(site: Site): { number: string; path: Path }[] {
  const listed = (['extensions', 'groups', 'queues', 'hours', 'ivrs'] as const).flatMap((list) =>
    site[list].map(({ number }, n) => ({ number, path: [list, n, 'number'] })),
  )
  return [
    ...listed,
    ...site.menus.map((number, n) => ({ number, path: ['menus', n] })),
    ...(site.voicemail ? [{ number: site.voicemail.number, path: ['voicemail', 'number'] }] : []),
  ]
}

/** Every target of a call, with its place. `byKey`: the caller presses a key for it. */
export function targetsOf(site: Site): { from: string; target: TargetOfCall; path: Path; byKey: boolean }[] {
  return [
    ...(['groups', 'queues', 'ivrs'] as const).flatMap((list) =>
      site[list].flatMap(({ number, otherwise }, n) =>
        otherwise ? [{ from: number, target: otherwise, path: [list, n, 'otherwise'], byKey: false }] : [],
      ),
    ),
    ...site.hours.flatMap(({ number, during, outside }, n) => [
      { from: number, target: during, path: ['hours', n, 'during'], byKey: false },
      { from: number, target: outside, path: ['hours', n, 'outside'], byKey: false },
    ]),
    ...site.ivrs.flatMap(({ number, keys }, n) =>
      Object.entries(keys).map(([key, target]) => ({
        from: number,
        target,
        path: ['ivrs', n, 'keys', key],
        byKey: true,
      })),
    ),
  ]
}
