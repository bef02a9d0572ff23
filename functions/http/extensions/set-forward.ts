import type { KeyCallRules } from '../../../contracts/key.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { forwardWhens } from '../../../contracts/presence.ts'
import type { ForwardWhen } from '../../../contracts/routes/extensions.ts'
import type { SiteKey } from '../../caller.ts'
import { seesPersonal } from '../../domain/personal.ts'
import { numbering } from '../../domain/phone-number.ts'
import { siteNumbers } from '../../domain/site-numbers.ts'
import { existingSite } from '../existing-site.ts'
import { judgeTarget } from '../placed-calls/dial-checks.ts'
import { knownPhones } from '../placed-calls/reachable-endpoint.ts'
import { badFields } from '../problem.ts'
import { type ExtensionResult, type SetExtensionDependencies, setExtension } from './set-extension.ts'

export interface RuleReader {
  find(prefix: string): Promise<{ calls?: KeyCallRules | undefined } | undefined>
}

/** Forwards calls of an extension. An outside target must be a number that the key may dial, since the site pays for it. */
export async function setForward(
  site: SiteId,
  extension: string,
  { target, when }: { target: string; when: ForwardWhen },
  { keys, caller, ...dependencies }: SetExtensionDependencies & { keys: RuleReader; caller: SiteKey },
): Promise<ExtensionResult> {
  const [{ settings, country }, key, { known }] = await Promise.all([
    existingSite(dependencies.directory, site),
    keys.find(caller.keyId),
    knownPhones(site, dependencies.phones, dependencies.now),
  ])
  const states = known.map(({ state }) => state)
  const numbers = siteNumbers(states, settings)
  const { dial } = judgeTarget('target', target, {
    settings,
    key: key?.calls ?? {},
    numbering: numbering(country),
    numbers,
  })
  if (dial === extension) throw badFields([{ field: 'target', message: 'A phone cannot forward to itself.' }])
  const change = { extension, settings: [{ setting: when, target: dial }] }
  return setExtension(site, change, { ...dependencies, seesTargets: seesPersonal(caller, 'presence') })
}

export function clearForward(
  site: SiteId,
  extension: string,
  when: ForwardWhen | undefined,
  dependencies: SetExtensionDependencies,
): Promise<ExtensionResult> {
  const settings = (when ? [when] : forwardWhens).map((setting) => ({ setting, target: '' }))
  return setExtension(site, { extension, settings }, dependencies)
}
