import type { Call, StoryStep } from '../../contracts/calls.ts'
import type { IconName } from '../components/icon.tsx'
import { plural, t } from '../language.ts'
import { phoneNumber } from '../phone-number.ts'

export const stepIcons: Readonly<Record<StoryStep['what'], IconName>> = {
  called: 'ringing',
  answered: 'on-call',
  busy: 'busy',
  'no-answer': 'missed',
  failed: 'failed',
  forwarded: 'forwarded',
  transferred: 'internal',
  voicemail: 'voicemail',
  parked: 'on-hold',
  retrieved: 'on-call',
}

export function stepText({ what, who }: StoryStep): string {
  return who ? t(`story.${what}.who`, { who: whoText(who) }) : t(`story.${what}`)
}

/** A party of the story may be hidden from the key. */
function whoText(who: string): string {
  if (who === '…') return t('party.hidden')
  return phoneNumber(who)
}

/** Says in one sentence what became of a call: who answered, and where it went. */
export function callSentence(call: Call): string {
  const { story = [], ringSeconds = 0, result } = call
  const wait = plural('story.seconds', ringSeconds)
  const way = story
    .filter(({ what }) => what === 'forwarded' || what === 'transferred' || what === 'parked')
    .map(stepText)
  const answered = story.find(({ what }) => what === 'answered')
  const end =
    result === 'answered'
      ? t(answered?.who ? 'story.end.answeredBy' : 'story.end.answered', { wait, who: whoText(answered?.who ?? '') })
      : t(`story.end.${result ?? 'unknown'}`, { wait })
  return [...way, end].join('. ')
}
