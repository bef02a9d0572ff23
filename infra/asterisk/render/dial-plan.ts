import type { Site } from '../site.ts'
import { renderForwardCodes, renderForwardHints, renderForwarding } from './forwarding.ts'
import { renderGroup, renderQueueEntry } from './groups.ts'
import { renderHours, renderIvr } from './ivrs.ts'
import { renderMenus } from './menus.ts'
import { renderInbound, renderOutbound } from './outside.ts'
import { type Ring, ringExtension } from './ring.ts'
import { steps, variable } from './steps.ts'

/**
 * Renders extensions.conf. A call stays in the extension that was dialled and jumps to labels in it: a Goto to another extension
 * would write that number into the call record.
 *
 * - `internes`: numbers that phones may dial
 * - `entrants`: numbers that outside callers may dial
 * - `sortants`: numbers outside
 * - `click2call`: numbers that a call placed by ARI may dial
 * - `renvoi-suivi`, `renvoi-dire`, `renvoi-api`: forwarding and do not disturb
 */
export function renderDialPlan(site: Site): string {
  const { extensions, groups, queues, hours, ivrs, voicemail, menus } = site
  const ring: Ring = { seconds: site.ringSeconds, options: site.transferKeys ? ',tT' : '' }
  return [
    '[general]\nstatic = yes\nwriteprotect = yes\n',
    `[internes]\ninclude => sortants\n${menus.length > 0 ? 'include => menus\n' : ''}`,
    ...extensions.map((extension) => ringExtension(extension.number, extension, ring)),
    ...groups.map((group) => renderGroup(group, extensions, ring)),
    ...queues.map((queue) => renderQueueEntry(queue)),
    ...hours.map((one) => renderHours(one)),
    ...ivrs.map((one) => renderIvr(one)),
    ...(voicemail
      ? [steps(voicemail.number, ['Answer()', `VoiceMailMain(${variable('BOITE')}@voicemail)`, 'Hangup()'])]
      : []),
    renderForwardCodes(),
    renderForwardHints(extensions.map(({ number }) => number)),
    '[entrants]',
    ...renderInbound(site, ring),
    '[sortants]',
    ...renderOutbound(site, ring),
    '[click2call]\ninclude => internes\n',
    renderForwarding(),
    ...(menus.length > 0 ? [renderMenus(menus)] : []),
  ].join('\n')
}
