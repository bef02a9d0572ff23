import * as v from 'valibot'
import { type SiteId, Timestamp } from '../../../contracts/names.ts'

/** An outage of a site that began or ended. */
export const Outage = v.object({
  type: v.picklist(['bridge.lost', 'bridge.connected', 'pbx.down', 'pbx.up']),
  /** Since when the bridge or the PBX was lost. */
  since: Timestamp,
})
export type Outage = v.InferOutput<typeof Outage>

/** A message to people: SNS sends it as an e-mail to whom has subscribed. */
export interface OutageNotice {
  /** SNS takes up to 100 characters of ASCII. */
  subject: string
  text: string
  /** By which a subscription can choose messages. */
  attributes: { site: SiteId; type: Outage['type'] }
}

const texts: Record<Outage['type'], { subject: string; lines: string }> = {
  'bridge.lost': {
    subject: 'bridge lost',
    lines: `has sent nothing for 20 seconds. States may be stale and calls unseen; call records are not lost.
Look whether the machine of the bridge is up and reaches the internet: switchhook-bridge check`,
  },
  'bridge.connected': { subject: 'bridge back', lines: 'is back.' },
  'pbx.down': {
    subject: 'PBX down',
    lines: `reports that its PBX is down: Asterisk has stopped or hangs.
On its machine: systemctl status asterisk; switchhook-bridge check`,
  },
  'pbx.up': { subject: 'PBX up', lines: 'reports that its PBX is up again.' },
}

export function outageNotice(site: SiteId, { type, since }: Outage): OutageNotice {
  const { subject, lines } = texts[type]
  const isOver = type === 'bridge.connected' || type === 'pbx.up'
  const when = isOver ? `It was away since ${since}.` : `Last seen: ${since}.`
  return {
    subject: `Switchhook ${site}: ${subject}`,
    text: `The bridge of the site ${site} ${lines}\n${type === 'pbx.down' ? `Since: ${since}.` : when}\n`,
    attributes: { site, type },
  }
}
