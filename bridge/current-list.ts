import type { EpochReady, PbxStatus } from '../contracts/facts.ts'
import type { PbxState } from './normalise/pbx-state.ts'

/** Returns the ids of everything current. `isAgain`: the epoch has had a list before. */
export function currentList(
  state: PbxState,
  { run, pbx, isAgain }: { run: string; pbx: PbxStatus | undefined; isAgain: boolean },
): EpochReady {
  const queues = state.queues.ids()
  return {
    run,
    ...(isAgain && { again: true }),
    ...(pbx && { pbx }),
    liveCalls: state.calls.live().map(({ call }) => call),
    endpoints: state.endpoints.all().map(({ endpoint }) => endpoint),
    ...(queues && { queues }),
  }
}
