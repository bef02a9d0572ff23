import type { CallResult } from '../../contracts/call-result.ts'
import { Select } from '../components/fields.tsx'
import { t } from '../language.ts'
import { dayOf, shownZone } from '../moments.ts'
import { changeQuery } from '../router.ts'
import { type CallFilter, directionNames, durationSteps, resultChoices } from './call-filter.ts'

const none = ''

const choices = Object.entries(resultChoices) as [keyof typeof resultChoices, string][]

/** The filters of the list. Each is in the address, so that a link or a reload keeps them. */
export function FilterBar({ filter }: { filter: CallFilter }) {
  const choose = (name: keyof CallFilter) => (value: string) => changeQuery({ [name]: value })
  const today = dayOf(Date.now())
  return (
    <div class="filters">
      <Select
        label={t('calls.result')}
        value={filter.result}
        options={[
          [none, t('calls.any')],
          ...choices.map(([name, results]) => [results, t(`calls.result.${name}`)] as const),
          ...otherResults(filter.result),
        ]}
        onChoose={choose('result')}
      />
      <Select
        label={t('calls.direction')}
        value={filter.direction}
        options={[[none, t('calls.any')], ...directionNames.map((name) => [name, t(`direction.${name}`)] as const)]}
        onChoose={choose('direction')}
      />
      <Select
        label={t('calls.longerThan')}
        value={filter.minDuration}
        options={[
          [none, t('calls.any')],
          ...durationSteps.map((seconds) => [seconds, t(`calls.longer.${seconds}`)] as const),
          ...unusual(filter.minDuration),
        ]}
        onChoose={choose('minDuration')}
      />
      <DayField label={t('calls.from')} value={filter.from} max={today} onChoose={choose('from')} />
      <DayField label={t('calls.goToDate')} id="go-to-date" value={filter.to} max={today} onChoose={choose('to')} />
      <p class="note end">{t('calls.zone', { zone: shownZone() })}</p>
    </div>
  )
}

/** Results that came with a link are an option too. */
function otherResults(list: string): (readonly [string, string])[] {
  if (list === none || choices.some(([, results]) => results === list)) return []
  return [
    [
      list,
      list
        .split(',')
        .map((word) => t(`result.${word as CallResult}`))
        .join(', '),
    ],
  ]
}

/** A duration that came with a link is an option too. */
function unusual(seconds: string): (readonly [string, string])[] {
  return seconds === none || durationSteps.some((step) => step === seconds)
    ? []
    : [[seconds, t('calls.longer.seconds', { seconds })]]
}

interface DayFieldProps {
  label: string
  id?: string
  value: string
  max: string
  onChoose: (day: string) => void
}

function DayField({ label, id, value, max, onChoose }: DayFieldProps) {
  return (
    <label class="labelled">
      {label}
      <input
        class="input"
        type="date"
        {...(id && { id })}
        value={value}
        max={max}
        onChange={({ currentTarget }) => onChoose(currentTarget.value)}
      />
    </label>
  )
}
