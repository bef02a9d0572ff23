import { useState } from 'preact/hooks'
import type { Site } from '../../contracts/site.ts'
import { Switch, TextField } from '../components/fields.tsx'
import { Icon } from '../components/icon.tsx'
import { Panel } from '../components/panel.tsx'
import { Failure } from '../components/states.tsx'
import { t } from '../language.ts'
import { useSession } from '../session.ts'
import { SaveButton } from './save-button.tsx'
import { listOf, useSiteChange } from './site-change.ts'

export function DialSettings() {
  const { site } = useSession()
  return site ? <Form key={site.site} site={site} /> : <p class="loading">{t('state.loading')}</p>
}

const kinds = ['dialInternal', 'dialNational', 'dialMobile'] as const
const caps = ['callsAtOnce', 'callsPerMinute', 'callsPerDay', 'callTimeoutSeconds'] as const

/** What calls by API may dial, and how many. */
function Form({ site: { settings } }: { site: Site }) {
  const { may } = useSession()
  const { change, isBusy, failure } = useSiteChange()
  const [allowed, setAllowed] = useState({
    dialInternal: settings.dialInternal,
    dialNational: settings.dialNational,
    dialMobile: settings.dialMobile,
  })
  const [countries, setCountries] = useState(settings.dialCountries.join(', '))
  const [prefix, setPrefix] = useState(settings.outsidePrefix ?? '')
  const [isPrefixSet, setPrefixSet] = useState(settings.outsidePrefix !== undefined)
  const [numbers, setNumbers] = useState({
    callsAtOnce: String(settings.callsAtOnce),
    callsPerMinute: String(settings.callsPerMinute),
    callsPerDay: String(settings.callsPerDay),
    callTimeoutSeconds: String(settings.callTimeoutSeconds),
  })
  const [freezes, setFreezes] = useState(settings.freezeOnCap)
  const mayWrite = may('sites:write')
  const save = () =>
    change({
      settings: {
        ...allowed,
        dialCountries: listOf(countries.toUpperCase()),
        ...(isPrefixSet && { outsidePrefix: prefix.trim() }),
        callsAtOnce: Number(numbers.callsAtOnce),
        callsPerMinute: Number(numbers.callsPerMinute),
        callsPerDay: Number(numbers.callsPerDay),
        callTimeoutSeconds: Number(numbers.callTimeoutSeconds),
        freezeOnCap: freezes,
      },
    })
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (mayWrite) void save()
      }}
    >
      <Panel title={t('dial.what')} class="narrow">
        {kinds.map((kind) => (
          <div key={kind} class="setting">
            <b>{t(`dial.${kind}`)}</b>
            <p>{t(`dial.${kind}Hint`)}</p>
            <Switch
              label={t(`dial.${kind}`)}
              isOn={allowed[kind]}
              isDisabled={!mayWrite}
              onToggle={(isOn) => setAllowed({ ...allowed, [kind]: isOn })}
            />
          </div>
        ))}
        <fieldset class="stack pad plain" disabled={!mayWrite}>
          <legend class="visually-hidden">{t('dial.what')}</legend>
          <TextField
            label={t('dial.countries')}
            value={countries}
            onInput={setCountries}
            hint={t('dial.countriesHint')}
            placeholder="BE, CH"
          />
          <TextField
            label={t('dial.prefix')}
            value={prefix}
            onInput={(text) => {
              setPrefix(text)
              setPrefixSet(true)
            }}
            hint={t(isPrefixSet ? 'dial.prefixHint' : 'dial.prefixUnset')}
          />
        </fieldset>
        <div class="setting">
          <b>{t('dial.never')}</b>
          <p>{t('dial.neverHint')}</p>
          <span class="tinted" data-tone="bad">
            <Icon name="refused" small />
            {t('dial.refused')}
          </span>
        </div>
      </Panel>
      <Panel title={t('dial.howMany')} class="narrow">
        <fieldset class="stack pad plain" disabled={!mayWrite}>
          <legend class="visually-hidden">{t('dial.howMany')}</legend>
          {caps.map((cap) => (
            <TextField
              key={cap}
              label={t(`dial.${cap}`)}
              type="number"
              required
              value={numbers[cap]}
              onInput={(text) => setNumbers({ ...numbers, [cap]: text })}
            />
          ))}
        </fieldset>
        <div class="setting">
          <b>{t('dial.freeze')}</b>
          <p>{t('dial.freezeHint')}</p>
          <Switch label={t('dial.freeze')} isOn={freezes} isDisabled={!mayWrite} onToggle={setFreezes} />
        </div>
      </Panel>
      <Failure text={failure} />
      <SaveButton isBusy={isBusy} />
    </form>
  )
}
