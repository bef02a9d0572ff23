import type { Secrets } from '../secrets.ts'
import type { Site } from '../site.ts'

/** Renders voicemail.conf: the context `voicemail` with one mailbox in each line. Messages under a second are discarded. */
export function renderVoicemail(site: Site, secrets: Secrets): string {
  const boxes = site.extensions.flatMap(({ mailbox, name }) =>
    mailbox === undefined ? [] : [`${mailbox} => ${secrets.mailboxes[mailbox] ?? ''},${name}`],
  )
  return `[general]
format = wav
attach = no
maxsecs = 180
minsecs = 1
pollmailboxes = no

[voicemail]
${boxes.join('\n')}
`
}
