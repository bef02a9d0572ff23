/** Deliberate bugs. The simulation must find each of them, otherwise its success would prove nothing. */
export const plants = [
  'strict-less',
  'snapshot-before-subscription',
  'no-tombstone',
  'epoch-from-counter',
  'late-made-live',
] as const
export type Plant = (typeof plants)[number]
