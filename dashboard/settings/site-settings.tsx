import { useState } from 'preact/hooks'
import type { Site } from '../../contracts/site.ts'
import { Select, Switch, TextField } from '../components/fields.tsx'
import { Panel } from '../components/panel.tsx'
import { Failure } from '../components/states.tsx'
import { t } from '../language.ts'
import { useSession } from '../session.ts'
import { SaveButton } from './save-button.tsx'
import { listOf, useSiteChange } from './site-change.ts'

export function SiteSettingsForm() {
  const { site } = useSession()
  // Written anew only when another site is opened, so that a reload of the site loses nothing that was typed.
  return site ? <Form key={site.site} site={site} /> : <p class="loading">{t('state.loading')}</p>
}

const languages = ['fr', 'en'] as const

function Form({ site }: { site: Site }) {
  const { may } = useSession()
  const { change, isBusy, failure } = useSiteChange()
  const [name, setName] = useState(site.name)
  const [country, setCountry] = useState(site.country)
  const [zone, setZone] = useState(site.zone)
  const [language, setLanguage] = useState(languages.find((one) => one === site.language) ?? 'fr')
  const [days, setDays] = useState(String(site.retentionDays))
  const [extensions, setExtensions] = useState(site.settings.extensions.join(', '))
  const [trunks, setTrunks] = useState(site.settings.trunks.join(', '))
  const [ownNumbers, setOwnNumbers] = useState(site.settings.ownNumbers.join(', '))
  const [isBusPersonal, setBusPersonal] = useState(site.settings.eventBusPersonal)
  const mayWrite = may('sites:write')
  const save = () =>
    change({
      name,
      country: country.toUpperCase(),
      zone,
      language,
      retentionDays: Number(days),
      settings: {
        extensions: listOf(extensions),
        trunks: listOf(trunks),
        ownNumbers: listOf(ownNumbers),
        eventBusPersonal: isBusPersonal,
      },
    })
  return (
    <Panel title={t('settings.site')} class="narrow">
      <form
        class="stack pad"
        onSubmit={(event) => {
          event.preventDefault()
          if (mayWrite) void save()
        }}
      >
        <fieldset class="stack plain" disabled={!mayWrite}>
          <legend class="visually-hidden">{t('settings.site')}</legend>
          <TextField label={t('settings.name')} value={name} onInput={setName} required hint={t('settings.nameHint')} />
          <TextField
            label={t('settings.country')}
            value={country}
            onInput={setCountry}
            required
            hint={t('settings.countryHint')}
          />
          <TextField label={t('settings.zone')} value={zone} onInput={setZone} required hint={t('settings.zoneHint')} />
          <Select
            label={t('settings.language')}
            value={language}
            options={languages.map((one) => [one, t(`language.${one}`)] as const)}
            onChoose={setLanguage}
          />
          <TextField
            label={t('settings.retention')}
            type="number"
            value={days}
            onInput={setDays}
            required
            hint={t('settings.retentionHint')}
          />
          <TextField
            label={t('settings.extensions')}
            value={extensions}
            onInput={setExtensions}
            hint={t('settings.extensionsHint')}
          />
          <TextField label={t('settings.trunks')} value={trunks} onInput={setTrunks} hint={t('settings.trunksHint')} />
          <TextField
            label={t('settings.ownNumbers')}
            value={ownNumbers}
            onInput={setOwnNumbers}
            hint={t('settings.ownNumbersHint')}
          />
          <div class="setting flush">
            <b>{t('settings.eventBus')}</b>
            <p>{t('settings.eventBusHint')}</p>
            <Switch
              label={t('settings.eventBus')}
              isOn={isBusPersonal}
              isDisabled={!mayWrite}
              onToggle={setBusPersonal}
            />
          </div>
        </fieldset>
        <Failure text={failure} />
        <SaveButton isBusy={isBusy} />
      </form>
    </Panel>
  )
}
