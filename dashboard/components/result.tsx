import type { CallResult } from '../../contracts/call-result.ts'
import type { Direction } from '../../contracts/calls.ts'
import { t } from '../language.ts'
import { Icon, type IconName } from './icon.tsx'

const icons: Record<CallResult, IconName> = {
  answered: 'available',
  voicemail: 'voicemail',
  'no-answer': 'missed',
  cancelled: 'missed',
  busy: 'busy',
  refused: 'refused',
  unreachable: 'failed',
  failed: 'failed',
  expired: 'failed',
  unknown: 'unknown',
}

/** How a call ended, in a word, a colour and a shape. */
export function Result({ result = 'unknown' }: { result: CallResult | undefined }) {
  return (
    <span class="tinted" data-result={result}>
      <Icon name={icons[result]} small />
      {t(`result.${result}`)}
    </span>
  )
}

export function DirectionIcon({ direction }: { direction: Direction | undefined }) {
  if (!direction) return null
  return (
    <span class="direction">
      <Icon name={direction} small />
      <span class="visually-hidden">{t(`direction.${direction}`)}</span>
    </span>
  )
}
