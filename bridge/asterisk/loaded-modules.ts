import * as v from 'valibot'
import { repair } from '../normalise/repair.ts'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError } from './ari-errors.ts'

const Modules = v.array(v.looseObject({ name: v.string(), status: v.optional(v.string(), '') }))

/**
 * Returns whether Asterisk has loaded all of these modules, such as `func_db.so`. Reads the list of all: a question for one that is
 * missing would be a request that Asterisk refuses. An ARI that does not answer it may have them.
 */
export async function hasModules(
  names: readonly string[],
  requests: Pick<AriRequests, 'get'>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const read = repair(Modules, await requests.get('/asterisk/modules', signal))
    if (read.kind === 'unusable') return true
    const running = new Set(read.value.filter(({ status }) => status === 'Running').map(({ name }) => name))
    return names.every((name) => running.has(name))
  } catch (error) {
    if (error instanceof AriRefusedError) return true
    throw error
  }
}
