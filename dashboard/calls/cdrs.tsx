import type { Cdr } from '../../contracts/cdr.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { plural, t } from '../language.ts'

/** The raw records of a call, with all their fields as Asterisk wrote them. */
export function Cdrs({ cdrs }: { cdrs: readonly Cdr[] }) {
  return (
    <details class="section">
      <summary>{plural('cdrs.title', cdrs.length)}</summary>
      {cdrs.map((cdr) => (
        <dl key={`${cdr.uniqueid} ${cdr.sequence}`} class="fields">
          {Object.entries(cdr)
            .filter(([, value]) => value !== '')
            .map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{String(value)}</dd>
              </div>
            ))}
        </dl>
      ))}
      {cdrs.length > 0 && <CopyButton text={JSON.stringify(cdrs, null, 2)} label={t('action.copyJson')} />}
    </details>
  )
}
