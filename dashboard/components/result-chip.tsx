import type { CallResult } from '../../contracts/call-result.ts'
import { strings } from '../strings.ts'
import { Icon, type IconName } from './icon.tsx'

const icons: Partial<Record<CallResult, IconName>> = {
  answered: 'available',
  voicemail: 'on-hold',
  busy: 'busy',
  'no-answer': 'ringing',
  cancelled: 'ringing',
}

/** How a call ended, in words and colour. */
export function ResultChip({ result = 'unknown' }: { result: CallResult | undefined }) {
  return (
    <span class="chip" data-result={result}>
      <Icon name={icons[result] ?? 'warning'} />
      {strings.results[result]}
    </span>
  )
}
