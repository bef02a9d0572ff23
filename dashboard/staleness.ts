import type { Heard } from '../client/index.ts'

/** The bridge sends something every 10 s and counts as silent after 20 s; the rest allows for a wrong clock of the browser. */
const silentMsMax = 45_000

/** Whether the bridge was silent when the client last asked. Between two pings the page does not hear that it is alive. */
export function isSilent({ lastHeard, learntAt }: Heard): boolean {
  return learntAt - Date.parse(lastHeard) > silentMsMax
}
