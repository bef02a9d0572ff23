import type { Site } from '../site.ts'

/** Renders features.conf: the keys that transfer a call. They work in calls whose Dial has the options t and T. */
export function renderFeatures({ transferKeys }: Pick<Site, 'transferKeys'>): string {
  if (!transferKeys) return ''
  return `[general]
transferdigittimeout = 5
atxfernoanswertimeout = 15

[featuremap]
blindxfer = ##
atxfer = *2
`
}
