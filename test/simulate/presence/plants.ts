/** Bugs planted on purpose: a simulator that finds none of them proves nothing. */
export const plants = [
  'strict-less',
  'snapshot-before-subscription',
  'no-tombstone',
  'epoch-from-counter',
  'late-made-live',
] as const
export type Plant = (typeof plants)[number]
