import type { CheckResult } from '../../contracts/facts.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Panel } from '../components/panel.tsx'
import { plural, t } from '../language.ts'

const tones = { ok: 'good', warning: 'warning', failed: 'bad' } as const

/** What the bridge found when it looked at itself and its PBX: first what a person should repair, with how. */
export function ChecksPanel({ checks }: { checks: readonly CheckResult[] | undefined }) {
  const wrong = (['failed', 'warning'] as const).flatMap(
    (state) => checks?.filter((check) => check.state === state) ?? [],
  )
  const right = checks?.filter(({ state }) => state === 'ok') ?? []
  return (
    <Panel title={t('system.checks')} class="wide">
      {checks === undefined && <p class="note pad">{t('system.noChecks')}</p>}
      {wrong.length > 0 && (
        <ul class="rows checks">
          {wrong.map((check) => (
            <Finding key={check.id} check={check} />
          ))}
        </ul>
      )}
      {right.length > 0 && (
        <details class="pad">
          <summary>{plural('system.checksOk', right.length)}</summary>
          <p class="note">{right.map(({ id }) => id).join(', ')}</p>
        </details>
      )}
    </Panel>
  )
}

function Finding({ check: { id, state, reason, repair } }: { check: CheckResult }) {
  return (
    <li data-tone={tones[state]}>
      <h3>
        <span class="dot" aria-hidden="true" />
        {t(`system.check.${state}`)} <code>{id}</code>
      </h3>
      {reason && <p>{reason}</p>}
      {repair && (
        <>
          <pre>{repair}</pre>
          <CopyButton text={repair} label={t('action.copy')} />
        </>
      )}
    </li>
  )
}
