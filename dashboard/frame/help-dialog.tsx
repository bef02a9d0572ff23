import { useState } from 'preact/hooks'
import { Switch } from '../components/fields.tsx'
import { Modal } from '../components/modal.tsx'
import { hasSingleKeys, setSingleKeys } from '../keyboard.ts'
import { chooseLanguage, currentLanguage, languages, type TextKey, t } from '../language.ts'
import { mayOpen, pageKeys } from '../pages.ts'
import { pageNames } from '../router.ts'
import { useSession } from '../session.ts'

const anywhere: readonly (readonly [TextKey, string])[] = [
  ['keys.palette', 'Ctrl K'],
  ['keys.help', '?'],
  ['keys.filter', '/'],
  ['keys.call', 'C'],
  ['keys.undo', 'Z'],
  ['keys.theme', 'T'],
]
const inLists: readonly (readonly [TextKey, string])[] = [
  ['keys.next', 'J'],
  ['keys.previous', 'K'],
  ['keys.open', 'Enter'],
  ['keys.close', 'Esc'],
  ['keys.goToDate', 'G D'],
]

/** Every key of the page, the switch that turns single keys off, and the language. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const session = useSession()
  const [isOn, setOn] = useState(hasSingleKeys)
  const pages = pageNames
    .filter((page) => mayOpen(page, session))
    .map((page) => [`page.${page}`, `G ${pageKeys[page].toUpperCase()}`] as const)
  return (
    <Modal title={t('keys.title')} onClose={onClose} isWide>
      <div class="keys">
        <KeyList title={t('keys.anywhere')} keys={anywhere} />
        <KeyList title={t('keys.lists')} keys={inLists} />
        <KeyList title={t('keys.pages')} keys={pages} />
      </div>
      <div class="setting">
        <b>{t('keys.single')}</b>
        <p>{t('keys.singleHint')}</p>
        <Switch
          label={t('keys.single')}
          isOn={isOn}
          onToggle={(on) => {
            setSingleKeys(on)
            setOn(on)
          }}
        />
      </div>
      <div class="setting">
        <b>{t('language.title')}</b>
        <p>{t('language.hint')}</p>
        <LanguageChoice />
      </div>
    </Modal>
  )
}

function KeyList({ title, keys }: { title: string; keys: readonly (readonly [TextKey, string])[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {keys.map(([key, names]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>
              {(names.startsWith('Ctrl') ? [names] : names.split(' ')).map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

export function LanguageChoice() {
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">{t('language.title')}</legend>
      {languages.map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={language === currentLanguage()}
          onClick={() => chooseLanguage(language)}
        >
          {t(`language.${language}`)}
        </button>
      ))}
    </fieldset>
  )
}
