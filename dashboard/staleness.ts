import type { Heard } from '../client/index.ts'

/** The bridge speaks each 10 s and counts as silent at 20; the rest allows for this machine's clock being off. */
const silentMsMax = 45_000

/** Judged when we last asked, not now: between two pings the bridge may well have spoken without our being told. */
export function isSilent({ lastHeard, learntAt }: Heard): boolean {
  return learntAt - Date.parse(lastHeard) > silentMsMax
}
