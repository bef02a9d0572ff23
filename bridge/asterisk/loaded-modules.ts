import * as v from 'valibot'
import { repair } from '../normalise/repair.ts'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError } from './ari-errors.ts'

const Modules = v.array(v.looseObject({ name: v.string(), status: v.optional(v.string(), '') }))

/** Returns the names of the modules that run, such as `func_db.so`; undefined if ARI does not list them. */
export async function runningModules(
  requests: Pick<AriRequests, 'get'>,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const read = repair(Modules, await requests.get('/asterisk/modules', signal))
    if (read.kind === 'unusable') return undefined
    return new Set(read.value.filter(({ status }) => status === 'Running').map(({ name }) => name))
  } catch (error) {
    if (error instanceof AriRefusedError) return undefined
    throw error
  }
}

/**
 * Returns whether Asterisk has loaded all of these modules. Reads the list of all: a question for one that is missing would be a
 * request that Asterisk refuses. An ARI that does not list them may have them.
 */
export async function hasModules(
  names: readonly string[],
  requests: Pick<AriRequests, 'get'>,
  signal: AbortSignal,
): Promise<boolean> {
  const running = await runningModules(requests, signal)
  return running === undefined || names.every((name) => running.has(name))
}
